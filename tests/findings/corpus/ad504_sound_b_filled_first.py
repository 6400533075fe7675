"""The work is put in first and then shared out."""

import asyncio


async def worker(queue):
    while not queue.empty():
        queue.get_nowait()
        await asyncio.sleep(0.01)


async def main():
    queue = asyncio.Queue()
    for item in range(200):
        queue.put_nowait(item)
    await asyncio.gather(*(worker(queue) for _ in range(5)))


asyncio.run(main())
