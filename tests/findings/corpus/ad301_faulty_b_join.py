"""A queue whose items are never done."""

import asyncio


async def consume(queue):
    while True:
        await queue.get()


async def main():
    queue = asyncio.Queue()
    task = asyncio.create_task(consume(queue))
    for item in range(7):
        queue.put_nowait(item)
    await queue.join()  # <- AD301
    task.cancel()


asyncio.run(main())
