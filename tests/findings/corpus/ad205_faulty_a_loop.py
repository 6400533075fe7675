"""A worker that catches everything and goes on."""

import asyncio


async def worker():
    for _ in range(20):
        try:
            await asyncio.sleep(0.05)  # <- AD205
        except BaseException:
            pass


async def main():
    task = asyncio.create_task(worker(), name="worker")
    await asyncio.sleep(0.12)
    task.cancel()
    await asyncio.wait([task])


asyncio.run(main())
