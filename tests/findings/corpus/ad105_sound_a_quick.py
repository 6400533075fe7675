"""A background service that ends quickly when it is asked to."""

import asyncio


async def serve():
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.05)


async def main():
    task = asyncio.create_task(serve())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


asyncio.run(main())
