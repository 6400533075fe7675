"""An event that is set whatever happens."""

import asyncio


async def waiter(event):
    await event.wait()


async def main():
    event = asyncio.Event()
    waiting = [asyncio.create_task(waiter(event)) for _ in range(3)]
    try:
        await asyncio.sleep(0.05)
    finally:
        event.set()
    await asyncio.gather(*waiting)


asyncio.run(main())
