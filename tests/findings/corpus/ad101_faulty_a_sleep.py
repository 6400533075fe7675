"""time.sleep in a coroutine."""

import asyncio
import time


async def fetch():
    await asyncio.sleep(0.01)
    time.sleep(0.3)  # <- AD101


async def other():
    await asyncio.sleep(0.1)


async def main():
    await asyncio.gather(fetch(), other(), other())


asyncio.run(main())
