"""A semaphore keeps what the pool cannot do from being asked for.  real"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor


async def convert(slots):
    async with slots:
        await asyncio.to_thread(time.sleep, 0.03)


async def main():
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4))
    slots = asyncio.Semaphore(2)
    await asyncio.gather(*(convert(slots) for _ in range(6)))


asyncio.run(main())
