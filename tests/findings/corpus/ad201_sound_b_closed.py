"""A coroutine that is closed on purpose."""

import asyncio


async def save(data):
    await asyncio.sleep(0.1)
    return data


async def main():
    coroutine = save(1)
    await asyncio.sleep(0.1)
    coroutine.close()


asyncio.run(main())
