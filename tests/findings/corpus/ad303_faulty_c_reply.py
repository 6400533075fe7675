"""A reply to a request that was dropped."""

import asyncio

replies = {}


async def ask(number):
    replies[number] = asyncio.get_running_loop().create_future()
    return await replies[number]  # <- AD303


async def answer():
    await asyncio.sleep(0.05)
    for number in (0, 1):
        replies[number].set_result(number)


async def main():
    await asyncio.gather(answer(), *(ask(number) for number in range(3)))


asyncio.run(main())
