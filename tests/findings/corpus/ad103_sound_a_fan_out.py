"""Two thousand tasks that wake up together."""

import asyncio


async def job():
    await asyncio.sleep(0.1)


async def main():
    await asyncio.gather(*(job() for _ in range(2000)))


asyncio.run(main())
