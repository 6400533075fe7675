"""Blocking for an instant is no fault."""

import asyncio
import time


async def work():
    for _ in range(20):
        time.sleep(0.002)
        await asyncio.sleep(0.01)


async def main():
    await asyncio.gather(work(), work())


asyncio.run(main())
