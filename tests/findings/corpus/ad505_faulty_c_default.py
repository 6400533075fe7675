"""A default pool that is too small.  real"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor


async def convert():
    await asyncio.to_thread(time.sleep, 0.05)  # <- AD505


async def main():
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(3))
    await asyncio.gather(*(convert() for _ in range(15)))


asyncio.run(main())
