"""A retry that takes a cancellation for a failure."""

import asyncio


async def attempt():
    await asyncio.sleep(0.3)  # <- AD205


async def retrying():
    for _ in range(3):
        try:
            return await attempt()
        except (asyncio.CancelledError, OSError):
            await asyncio.sleep(0.1)


async def main():
    task = asyncio.create_task(retrying())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


asyncio.run(main())
