"""A poller that waits for its upload to end before it ends itself."""

import asyncio


async def upload():
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(1)  # <- AD105


async def poll():
    task = asyncio.create_task(upload())  # <- AD204
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.wait([task])


async def main():
    task = asyncio.create_task(poll())  # <- AD204
    await asyncio.sleep(0.1)
    return task


asyncio.run(main())
