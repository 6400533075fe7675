"""A timer keeps a sleeping task."""

import asyncio
import gc


async def job():
    await asyncio.sleep(0.05)


async def main():
    asyncio.create_task(job())
    gc.collect()
    await asyncio.sleep(0.1)


asyncio.run(main())
