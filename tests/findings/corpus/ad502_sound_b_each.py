"""A lock for each account: nobody stands in line."""

import asyncio


async def book(locks, account):
    async with locks[account]:
        await asyncio.sleep(0.1)


async def main():
    locks = [asyncio.Lock() for _ in range(5)]
    await asyncio.gather(*(book(locks, account) for account in range(5)))


asyncio.run(main())
