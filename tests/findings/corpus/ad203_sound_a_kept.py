"""The set that the documentation recommends."""

import asyncio
import gc

background = set()


async def job():
    await asyncio.sleep(0.05)


async def main():
    for _ in range(5):
        task = asyncio.create_task(job())
        background.add(task)
        task.add_done_callback(background.discard)
    gc.collect()
    await asyncio.sleep(0.1)


asyncio.run(main())
