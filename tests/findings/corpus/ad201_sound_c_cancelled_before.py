"""A task that is cancelled before it starts."""

import asyncio


async def save():
    await asyncio.sleep(0.1)


async def main():
    task = asyncio.create_task(save())
    task.cancel()
    await asyncio.wait([task])


asyncio.run(main())
