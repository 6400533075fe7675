"""A time-out that is put off, and one that has run out when nobody asks for its end any more."""

import asyncio


async def main():
    async with asyncio.timeout(0.1) as limit:
        await asyncio.sleep(0.05)
        limit.reschedule(asyncio.get_running_loop().time() + 5)
        await asyncio.sleep(2)
    async with asyncio.timeout(None):
        await asyncio.sleep(1)


asyncio.run(main())
