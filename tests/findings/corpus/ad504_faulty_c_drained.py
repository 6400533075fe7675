"""It grows as long as there is a producer, and is drained in the end."""

import asyncio


async def produce(queue):
    for item in range(300):
        queue.put_nowait(item)  # <- AD504
        await asyncio.sleep(0.002)
    queue.put_nowait(None)


async def consume(queue):
    while await queue.get() is not None:
        await asyncio.sleep(0.008)


async def main():
    queue = asyncio.Queue()
    await asyncio.gather(produce(queue), consume(queue))


asyncio.run(main())
