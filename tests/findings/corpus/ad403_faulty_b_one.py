"""One slot for all."""

import asyncio


async def fetch(slots):
    async with slots:  # <- AD403
        await asyncio.sleep(0.05)


async def main():
    slots = asyncio.Semaphore(1)
    await asyncio.gather(*(fetch(slots) for _ in range(9)))


asyncio.run(main())
