"""Blocking work on a thread.  real"""

import asyncio
import time


async def main():
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.15) for _ in range(3)))


asyncio.run(main())
