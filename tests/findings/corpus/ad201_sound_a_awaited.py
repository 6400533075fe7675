"""Awaited, gathered, made tasks of."""

import asyncio


async def save(data):
    await asyncio.sleep(0.1)
    return data


async def main():
    await save(1)
    await asyncio.gather(save(2), save(3))
    task = asyncio.create_task(save(4))
    await task


asyncio.run(main())
