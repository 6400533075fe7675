"""A thread that nobody waits for, but the closing loop.  real"""

import asyncio
import time


async def main():
    loop = asyncio.get_running_loop()
    job = loop.run_in_executor(None, time.sleep, 0.8)
    await asyncio.wait([job], timeout=0.05)  # <- AD105


asyncio.run(main())
