"""A pool of two for twelve jobs.  real"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor


async def main():
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as pool:
        jobs = [loop.run_in_executor(pool, time.sleep, 0.05) for _ in range(12)]
        await asyncio.gather(*jobs)  # <- AD505


asyncio.run(main())
