"""Two locks in opposite order."""

import asyncio


async def move(first, second):
    async with first:
        await asyncio.sleep(0.05)
        async with second:  # <- AD301
            pass


async def main():
    one, two = asyncio.Lock(), asyncio.Lock()
    await asyncio.gather(move(one, two), move(two, one))


asyncio.run(main())
