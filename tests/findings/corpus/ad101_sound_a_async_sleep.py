"""asyncio.sleep gives up control."""

import asyncio


async def fetch():
    await asyncio.sleep(0.3)


async def main():
    await asyncio.gather(*(fetch() for _ in range(10)))


asyncio.run(main())
