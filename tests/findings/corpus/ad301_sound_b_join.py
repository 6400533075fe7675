"""A queue that is joined right."""

import asyncio


async def consume(queue):
    while True:
        await queue.get()
        await asyncio.sleep(0.01)
        queue.task_done()


async def main():
    queue = asyncio.Queue()
    tasks = [asyncio.create_task(consume(queue)) for _ in range(2)]
    for item in range(7):
        queue.put_nowait(item)
    await queue.join()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


asyncio.run(main())
