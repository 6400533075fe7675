"""Very many tasks that wait: that is what tasks are for.  real"""

import asyncio


async def fetch(number):
    await asyncio.sleep(0.01)
    return number


async def main():
    await asyncio.gather(*(fetch(number) for number in range(3_000)))


asyncio.run(main())
