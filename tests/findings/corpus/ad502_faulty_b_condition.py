"""Those who notify stand in line for whoever holds the condition's lock while it waits for an event."""

import asyncio


async def hold(changed, go):
    async with changed:
        await go.wait()


async def tell(changed):
    async with changed:  # <- AD502
        changed.notify_all()


async def main():
    changed, go = asyncio.Condition(), asyncio.Event()
    asyncio.get_running_loop().call_later(0.3, go.set)
    await asyncio.gather(hold(changed, go), tell(changed), tell(changed))


asyncio.run(main())
