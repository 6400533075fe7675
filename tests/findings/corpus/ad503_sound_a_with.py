"""async with, which gives back once."""

import asyncio


async def job(slots):
    async with slots:
        await asyncio.sleep(0.01)


async def main():
    slots = asyncio.Semaphore(2)
    await asyncio.gather(*(job(slots) for _ in range(3)))


asyncio.run(main())
