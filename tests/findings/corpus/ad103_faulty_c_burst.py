"""A burst of requests, each of which parses a little."""

import asyncio
import time


async def handle(request):  # <- AD103
    for _ in range(4):
        time.sleep(0.004)
        await asyncio.sleep(0)
    return request


async def health():
    while True:
        await asyncio.sleep(0.02)


async def main():
    checking = asyncio.create_task(health())
    await asyncio.sleep(0.1)
    await asyncio.gather(*(handle(number) for number in range(30)))
    checking.cancel()


asyncio.run(main())
