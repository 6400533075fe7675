"""Computing in pieces, with pauses.  real"""

import asyncio


async def add():
    total = 0
    for _ in range(20):
        total += sum(range(10_000))
        await asyncio.sleep(0)
    return total


async def main():
    await asyncio.gather(add(), asyncio.sleep(0.01))


asyncio.run(main())
