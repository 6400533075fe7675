"""A task group cancels the task that it is in, and takes that back."""

import asyncio


async def fail():
    await asyncio.sleep(0.05)
    raise ValueError


async def main():
    for _ in range(2):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                group.create_task(asyncio.sleep(1))
                await asyncio.sleep(1)
        except* ValueError:
            pass
        await asyncio.sleep(0.2)


asyncio.run(main())
