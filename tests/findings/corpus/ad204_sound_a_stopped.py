"""A ticker that is stopped and awaited."""

import asyncio
import contextlib


async def tick():
    while True:
        await asyncio.sleep(0.01)


async def main():
    task = asyncio.create_task(tick())
    await asyncio.sleep(0.1)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


asyncio.run(main())
