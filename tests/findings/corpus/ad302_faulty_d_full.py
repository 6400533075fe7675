"""A producer whose consumer has given up."""

import asyncio


async def consume(queue):
    await queue.get()


async def main():
    queue = asyncio.Queue(1)
    task = asyncio.create_task(consume(queue))
    for item in range(5):
        await queue.put(item)  # <- AD302
    await task


asyncio.run(main())
