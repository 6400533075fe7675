"""Bursts that drain in between."""

import asyncio


async def produce(queue):
    for _ in range(5):
        for item in range(50):
            queue.put_nowait(item)
        await asyncio.sleep(0.1)
    queue.put_nowait(None)


async def consume(queue):
    while await queue.get() is not None:
        await asyncio.sleep(0.001)


async def main():
    queue = asyncio.Queue()
    await asyncio.gather(produce(queue), consume(queue))


asyncio.run(main())
