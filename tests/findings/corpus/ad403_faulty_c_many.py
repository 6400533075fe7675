"""Ten slots for a thousand."""

import asyncio


async def fetch(slots):
    async with slots:  # <- AD403
        await asyncio.sleep(0.05)


async def main():
    slots = asyncio.Semaphore(10)
    await asyncio.gather(*(fetch(slots) for _ in range(1000)))


asyncio.run(main())
