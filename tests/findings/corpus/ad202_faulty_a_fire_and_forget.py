"""A task that fails, and that nobody awaits."""

import asyncio


async def job():
    await asyncio.sleep(0.05)
    raise ValueError("lost")


async def main():
    task = asyncio.create_task(job(), name="job")  # <- AD202
    await asyncio.sleep(0.1)
    del task


asyncio.run(main())
