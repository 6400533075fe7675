"""Many small steps."""

import asyncio


async def add():
    return sum(range(1000))


async def main():
    for _ in range(100):
        await add()
        await asyncio.sleep(0.001)


asyncio.run(main())
