"""A task group raises what its tasks raise."""

import asyncio


async def job(number):
    await asyncio.sleep(number / 100)
    if number == 2:
        raise ValueError(number)


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(job(number))
    except* ValueError:
        pass


asyncio.run(main())
