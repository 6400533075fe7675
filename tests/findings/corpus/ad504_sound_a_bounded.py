"""A limit holds the producer back."""

import asyncio


async def produce(queue):
    for item in range(200):
        await queue.put(item)
        await asyncio.sleep(0.001)
    await queue.put(None)


async def consume(queue):
    while await queue.get() is not None:
        await asyncio.sleep(0.005)


async def main():
    queue = asyncio.Queue(40)
    await asyncio.gather(produce(queue), consume(queue))


asyncio.run(main())
