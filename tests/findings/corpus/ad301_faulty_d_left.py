"""A lock that a task took with it."""

import asyncio


async def take(lock):
    await lock.acquire()


async def main():
    lock = asyncio.Lock()
    await asyncio.create_task(take(lock))
    await asyncio.sleep(0.01)
    async with lock:  # <- AD301
        pass


asyncio.run(main())
