"""A notification that comes before anybody listens."""

import asyncio


async def notify(condition):
    async with condition:
        condition.notify_all()


async def wait(condition):
    await asyncio.sleep(0.05)
    async with condition:
        await condition.wait()  # <- AD302


async def main():
    condition = asyncio.Condition()
    await asyncio.gather(notify(condition), wait(condition))


asyncio.run(main())
