"""A task for each thousand sums.  real"""

import asyncio


async def squares(numbers):
    return sum(number * number for number in numbers)


async def main():
    print(sum(await asyncio.gather(*(squares(range(first, first + 1_000)) for first in range(0, 20_000, 1_000)))))


asyncio.run(main())
