"""A task group ends before main does."""

import asyncio


async def job(number):
    await asyncio.sleep(number / 10)


async def main():
    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(job(number))


asyncio.run(main())
