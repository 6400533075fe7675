"""As many threads as jobs.  real"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor


async def main():
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(8) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, time.sleep, 0.05) for _ in range(8)))


asyncio.run(main())
