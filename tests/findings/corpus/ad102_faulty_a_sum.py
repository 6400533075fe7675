"""Sums in a coroutine.  real"""

import asyncio


async def add():
    sum(number * number for number in range(4_000_000))  # <- AD102


async def main():
    await asyncio.gather(add(), asyncio.sleep(0.01))


asyncio.run(main())
