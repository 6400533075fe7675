"""The same order everywhere."""

import asyncio


async def move(first, second):
    async with first:
        await asyncio.sleep(0)
        async with second:
            pass


async def main():
    one, two = asyncio.Lock(), asyncio.Lock()
    await asyncio.gather(*(move(one, two) for _ in range(5)))


asyncio.run(main())
