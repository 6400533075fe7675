"""Many tasks of one step each, that do something.  real"""

import asyncio


async def work():
    return sum(range(20_000))


async def main():
    await asyncio.gather(*(work() for _ in range(1_200)))


asyncio.run(main())
