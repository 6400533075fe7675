"""The computing is limited to one task at a time, which rests."""

import asyncio
import time


async def crunch(turn):
    for _ in range(5):
        async with turn:
            time.sleep(0.005)
            await asyncio.sleep(0.01)


async def ticker():
    for _ in range(10):
        await asyncio.sleep(0.01)


async def main():
    turn = asyncio.Semaphore(1)
    await asyncio.gather(ticker(), *(crunch(turn) for _ in range(10)))


asyncio.run(main())
