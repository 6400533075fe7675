"""Twenty tasks compute in small steps."""

import asyncio
import time


async def crunch():  # <- AD103
    for _ in range(5):
        time.sleep(0.005)
        await asyncio.sleep(0)


async def ticker():
    for _ in range(10):
        await asyncio.sleep(0.01)


async def main():
    await asyncio.gather(ticker(), *(crunch() for _ in range(20)))


asyncio.run(main())
