"""A thread that is done when the main task returns, and a program that has more to do.  real"""

import asyncio
import time


async def main():
    await asyncio.to_thread(time.sleep, 0.1)


asyncio.run(main())
time.sleep(0.7)
