"""Exceptions that are caught where they are awaited."""

import asyncio


async def job():
    await asyncio.sleep(0.05)
    raise ValueError("known")


async def main():
    task = asyncio.create_task(job())
    try:
        await task
    except ValueError:
        pass
    await asyncio.gather(job(), job(), return_exceptions=True)


asyncio.run(main())
