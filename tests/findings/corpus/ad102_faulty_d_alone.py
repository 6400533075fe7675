"""A call of C's that never lets go of the interpreter, so that nobody can look on.  real"""

import asyncio


async def add(): return sum(range(20_000_000))  # noqa: E704  # <- AD102


async def main():
    await asyncio.gather(add(), asyncio.sleep(0.01))


asyncio.run(main())
