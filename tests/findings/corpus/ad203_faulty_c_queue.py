"""Consumers of a queue that was dropped."""

import asyncio
import gc


async def consume(queue):
    while True:
        await queue.get()


async def main():
    queue = asyncio.Queue()
    for _ in range(2):
        asyncio.ensure_future(consume(queue))  # <- AD203
    await asyncio.sleep(0.01)
    del queue
    gc.collect()
    await asyncio.sleep(0.01)


asyncio.run(main())
