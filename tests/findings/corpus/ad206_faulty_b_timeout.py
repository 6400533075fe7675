"""A time-out around a block whose work goes on in spite of it."""

import asyncio


async def fetch():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(2)


async def main():
    async with asyncio.timeout(0.2):  # <- AD206
        await fetch()


asyncio.run(main())
