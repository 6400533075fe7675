"""A time-out around a task group one of whose tasks is slow to end."""

import asyncio


async def work(cleanup):
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(cleanup)


async def main():
    try:
        async with asyncio.timeout(0.2):  # <- AD207
            async with asyncio.TaskGroup() as group:
                group.create_task(work(0.01))
                group.create_task(work(0.8))
    except TimeoutError:
        print("timed out")


asyncio.run(main())
