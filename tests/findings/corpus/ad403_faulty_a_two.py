"""Two slots for twenty jobs."""

import asyncio


async def fetch(slots):
    async with slots:  # <- AD403
        await asyncio.sleep(0.05)


async def main():
    slots = asyncio.Semaphore(2)
    await asyncio.gather(*(fetch(slots) for _ in range(20)))


asyncio.run(main())
