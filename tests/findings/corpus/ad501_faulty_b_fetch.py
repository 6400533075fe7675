"""A request made within the lock, its result written after it."""

import asyncio

cache = {}


async def fetch(key):
    await asyncio.sleep(0.1)
    return key


async def load(lock, key):
    async with lock:  # <- AD501
        cache[key] = await fetch(key)


async def main():
    lock = asyncio.Lock()
    async with asyncio.TaskGroup() as group:
        for key in range(5):
            group.create_task(load(lock, key))


asyncio.run(main())
