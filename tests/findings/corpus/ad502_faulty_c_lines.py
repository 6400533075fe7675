"""One line that takes a lock, and what it waits for in it comes from a queue."""

import asyncio


async def produce(queue):
    for item in range(6):
        await asyncio.sleep(0.1)
        queue.put_nowait(item)


async def take(lock, queue):
    async with lock:  # <- AD502
        return await queue.get()


async def main():
    lock, queue = asyncio.Lock(), asyncio.Queue()
    await asyncio.gather(produce(queue), *(take(lock, queue) for _ in range(6)))


asyncio.run(main())
