"""A done callback gives back what the task has given back."""

import asyncio


async def job(slots):
    async with slots:
        await asyncio.sleep(0.01)


async def main():
    slots = asyncio.Semaphore(3)
    task = asyncio.create_task(job(slots))
    task.add_done_callback(lambda _: slots.release())  # <- AD503
    await task
    await asyncio.sleep(0.01)


asyncio.run(main())
