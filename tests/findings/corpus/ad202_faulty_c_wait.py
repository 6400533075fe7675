"""asyncio.wait raises nothing."""

import asyncio


async def job():
    await asyncio.sleep(0.05)
    raise OSError("disk")


async def main():
    await asyncio.wait([asyncio.create_task(job())])  # <- AD202


asyncio.run(main())
