"""A failed task in a set that lives as long as the program."""

import asyncio

background = set()


async def job(number):
    await asyncio.sleep(0.05)
    if number == 1:
        raise KeyError(number)


async def main():
    for number in range(3):
        background.add(asyncio.create_task(job(number)))  # <- AD202
    await asyncio.sleep(0.1)


asyncio.run(main())
