"""One task takes a slot and another one gives it back."""

import asyncio


async def finish(slots):
    await asyncio.sleep(0.01)
    slots.release()


async def main():
    slots = asyncio.Semaphore(2)
    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            await slots.acquire()
            group.create_task(finish(slots))


asyncio.run(main())
