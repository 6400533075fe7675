"""Handlers with short steps."""

import asyncio
import time


async def handle():
    time.sleep(0.0002)
    await asyncio.sleep(0.01)
    time.sleep(0.0002)


async def main():
    for _ in range(20):
        await asyncio.gather(*(handle() for _ in range(20)))


asyncio.run(main())
