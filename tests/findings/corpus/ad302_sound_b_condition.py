"""A condition with a predicate."""

import asyncio


async def main():
    condition, ready = asyncio.Condition(), []

    async def notify():
        async with condition:
            ready.append(True)
            condition.notify_all()

    async def wait():
        await asyncio.sleep(0.05)
        async with condition:
            await condition.wait_for(lambda: ready)

    await asyncio.gather(notify(), wait())


asyncio.run(main())
