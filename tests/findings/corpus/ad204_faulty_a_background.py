"""A background task when main returns."""

import asyncio


async def flush():
    await asyncio.sleep(1)


async def main():
    task = asyncio.create_task(flush(), name="flush")  # <- AD204
    await asyncio.sleep(0.1)
    return task


asyncio.run(main())
