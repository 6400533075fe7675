"""Held for an instant."""

import asyncio


async def count(slots, found):
    await asyncio.sleep(0.05)
    async with slots:
        found.append(1)


async def main():
    slots, found = asyncio.Semaphore(1), []
    await asyncio.gather(*(count(slots, found) for _ in range(20)))


asyncio.run(main())
