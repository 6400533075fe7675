"""A timer's callback that blocks."""

import asyncio
import time


def tick():
    time.sleep(0.2)  # <- AD101


async def main():
    asyncio.get_running_loop().call_later(0.1, tick)
    await asyncio.sleep(1)


asyncio.run(main())
