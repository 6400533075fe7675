"""A lock around work that needs none."""

import asyncio


async def job(lock):
    async with lock:  # <- AD501
        await asyncio.sleep(0.1)


async def main():
    lock = asyncio.Lock()
    await asyncio.gather(*(job(lock) for _ in range(5)))


asyncio.run(main())
