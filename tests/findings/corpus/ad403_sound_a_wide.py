"""Slots for all."""

import asyncio


async def fetch(slots):
    async with slots:
        await asyncio.sleep(0.05)


async def main():
    slots = asyncio.Semaphore(20)
    await asyncio.gather(*(fetch(slots) for _ in range(20)))


asyncio.run(main())
