"""A task group keeps its tasks."""

import asyncio
import gc


async def job(event):
    await event.wait()


async def main():
    event = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(job(event))
        await asyncio.sleep(0.01)
        gc.collect()
        event.set()


asyncio.run(main())
