"""Whoever was to complete it has failed."""

import asyncio


async def work(future):
    await asyncio.sleep(0.05)
    if future.done():
        return
    try:
        future.set_result(1 / 0)
    except ZeroDivisionError:
        print("failed")


async def main():
    future = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(work(future))
    await future  # <- AD303
    await task


asyncio.run(main())
