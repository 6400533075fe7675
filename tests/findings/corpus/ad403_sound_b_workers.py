"""Workers with a queue: nobody waits for a slot."""

import asyncio


async def worker(queue):
    while not queue.empty():
        queue.get_nowait()
        await asyncio.sleep(0.05)


async def main():
    queue = asyncio.Queue()
    for item in range(20):
        queue.put_nowait(item)
    await asyncio.gather(*(worker(queue) for _ in range(4)))


asyncio.run(main())
