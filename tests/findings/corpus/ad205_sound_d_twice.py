"""A task that is asked to end twice before it runs again, and cleans up once."""

import asyncio


async def upload():
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.2)


async def main():
    task = asyncio.create_task(upload())
    await asyncio.sleep(0.1)
    task.cancel()
    task.cancel()
    await asyncio.wait([task])


asyncio.run(main())
