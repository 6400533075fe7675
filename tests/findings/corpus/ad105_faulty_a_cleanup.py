"""A background task that cleans up for long as the loop is closed."""

import asyncio


async def flush():
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(2)  # <- AD105


async def main():
    task = asyncio.create_task(flush())  # <- AD204
    await asyncio.sleep(0.1)
    return task


asyncio.run(main())
