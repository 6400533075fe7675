"""A release after an async with."""

import asyncio


async def main():
    slots = asyncio.Semaphore(1)
    async with slots:
        pass
    await asyncio.sleep(0.01)
    slots.release()  # <- AD503
    await asyncio.sleep(0.01)


asyncio.run(main())
