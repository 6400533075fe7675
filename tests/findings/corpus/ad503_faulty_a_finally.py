"""A release in a finally that is reached without the slot."""

import asyncio


async def job(slots, number):
    try:
        if number == 3:
            return
        await slots.acquire()
        await asyncio.sleep(0.01)
    finally:
        slots.release()  # <- AD503


async def main():
    slots = asyncio.Semaphore(2)
    await asyncio.gather(*(job(slots, number) for number in range(5)))


asyncio.run(main())
