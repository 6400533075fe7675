"""Workers that finish what they have before the main task returns: slow, and no matter of closing the loop."""

import asyncio


async def work(queue):
    while (item := await queue.get()) is not None:
        await asyncio.sleep(item)


async def main():
    queue = asyncio.Queue()
    workers = [asyncio.create_task(work(queue)) for _ in range(2)]
    for _ in range(4):
        queue.put_nowait(0.5)
    for _ in workers:
        queue.put_nowait(None)
    await asyncio.gather(*workers)


asyncio.run(main())
