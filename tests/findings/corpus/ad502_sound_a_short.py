"""A lock that is held for a moment, in between of what takes long."""

import asyncio

totals = {}


async def add(lock, key):
    await asyncio.sleep(0.1)
    async with lock:
        total = totals.get(key, 0)
        await asyncio.sleep(0)
        totals[key] = total + 1


async def main():
    lock = asyncio.Lock()
    await asyncio.gather(*(add(lock, key % 3) for key in range(20)))


asyncio.run(main())
