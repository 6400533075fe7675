"""A task for each sum.  real"""

import asyncio


async def square(number):
    return number * number


async def main():
    print(sum(await asyncio.gather(*(square(number) for number in range(2_000)))))  # <- AD104


asyncio.run(main())
