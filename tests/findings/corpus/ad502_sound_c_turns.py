"""One task that takes the lock again and again, and another that takes it before and after."""

import asyncio


async def main():
    lock = asyncio.Lock()
    async with lock:
        await asyncio.sleep(0.1)

    async def again():
        for _ in range(3):
            async with lock:
                await asyncio.sleep(0.1)

    await asyncio.create_task(again())
    async with lock:
        await asyncio.sleep(0.1)


asyncio.run(main())
