"""One thread for what many tasks want at once.  real"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(1)


def query(number):
    time.sleep(0.04)
    return number


async def ask(number):
    return await asyncio.get_running_loop().run_in_executor(pool, query, number)  # <- AD505


async def main():
    await asyncio.gather(*(ask(number) for number in range(8)))


asyncio.run(main())
