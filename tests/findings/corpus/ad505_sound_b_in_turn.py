"""Jobs that are asked for one after the other, each with what the last one gave.  real"""

import asyncio


def step(number):
    return number + 1


async def main():
    number = 0
    while number < 20:
        number = await asyncio.to_thread(step, number)


asyncio.run(main())
