"""A task that waits for a future that it alone knows."""

import asyncio
import gc


async def job():
    await asyncio.get_running_loop().create_future()


async def main():
    asyncio.create_task(job())  # <- AD203
    await asyncio.sleep(0.1)
    gc.collect()
    await asyncio.sleep(0.1)


asyncio.run(main())
