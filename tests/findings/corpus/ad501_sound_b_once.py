"""A cache that is filled once."""

import asyncio

cache = {}


async def fetch(key):
    await asyncio.sleep(0.1)
    return key


async def load(lock, key):
    async with lock:
        if key not in cache:
            cache[key] = await fetch(key)
    return cache[key]


async def main():
    lock = asyncio.Lock()
    await asyncio.gather(*(load(lock, "same") for _ in range(5)))


asyncio.run(main())
