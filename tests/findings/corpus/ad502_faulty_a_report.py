"""A report holds the lock for long, and short updates stand in line."""

import asyncio


async def report(lock):
    async with lock:  # <- AD501
        await asyncio.sleep(0.5)


async def update(lock):
    await asyncio.sleep(0.1)
    async with lock:  # <- AD502
        pass


async def main():
    lock = asyncio.Lock()
    await asyncio.gather(report(lock), *(update(lock) for _ in range(4)))


asyncio.run(main())
