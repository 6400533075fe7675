"""A producer ten times as fast as its consumer."""

import asyncio


async def produce(queue):
    for item in range(500):
        await queue.put(item)  # <- AD504
        await asyncio.sleep(0.001)


async def consume(queue):
    while True:
        await queue.get()
        await asyncio.sleep(0.01)


async def main():
    queue = asyncio.Queue()
    task = asyncio.create_task(consume(queue))
    await produce(queue)
    task.cancel()


asyncio.run(main())
