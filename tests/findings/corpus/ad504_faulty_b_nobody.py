"""Nobody ever takes anything."""

import asyncio

log = asyncio.Queue()


async def work(number):
    for step in range(20):
        await asyncio.sleep(0.01)
        log.put_nowait((number, step))  # <- AD504


async def main():
    await asyncio.gather(*(work(number) for number in range(5)))


asyncio.run(main())
