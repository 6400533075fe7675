"""A step that goes on to the next one."""

import asyncio


async def job():
    try:
        await asyncio.sleep(1)  # <- AD205
    except asyncio.CancelledError:
        print("ignored")
    await asyncio.sleep(0.5)
    return "done"


async def main():
    task = asyncio.create_task(job())
    await asyncio.sleep(0.1)
    task.cancel()
    await task


asyncio.run(main())
