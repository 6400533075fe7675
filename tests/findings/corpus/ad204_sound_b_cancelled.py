"""Workers that main cancels as its last act."""

import asyncio


async def worker(queue):
    while True:
        await queue.get()
        await asyncio.sleep(0.01)
        queue.task_done()


async def main():
    queue = asyncio.Queue(5)
    workers = [asyncio.create_task(worker(queue)) for _ in range(3)]
    for item in range(20):
        await queue.put(item)
    await queue.join()
    for each in workers:
        each.cancel()


asyncio.run(main())
