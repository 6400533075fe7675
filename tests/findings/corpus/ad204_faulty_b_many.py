"""Several of them."""

import asyncio


async def send(number):
    await asyncio.sleep(number)


async def main():
    tasks = [asyncio.create_task(send(number)) for number in range(1, 5)]  # <- AD204
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


asyncio.run(main())
