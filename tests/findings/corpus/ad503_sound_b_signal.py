"""A semaphore of no slots tells how much has been done."""

import asyncio


async def work(done):
    await asyncio.sleep(0.01)
    done.release()


async def main():
    done = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(work(done)) for _ in range(3)]
    for _ in tasks:
        await done.acquire()
    await asyncio.gather(*tasks)


asyncio.run(main())
