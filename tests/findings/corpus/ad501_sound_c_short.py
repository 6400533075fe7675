"""A lock that is held for an instant."""

import asyncio


async def job(lock, found):
    await asyncio.sleep(0.1)
    async with lock:
        found.append(len(found))


async def main():
    lock, found = asyncio.Lock(), []
    await asyncio.gather(*(job(lock, found) for _ in range(20)))


asyncio.run(main())
