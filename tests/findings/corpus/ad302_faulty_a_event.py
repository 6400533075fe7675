"""An event that nobody sets."""

import asyncio


async def waiter(event):
    await event.wait()  # <- AD302


async def main():
    event = asyncio.Event()
    await asyncio.gather(waiter(event), asyncio.sleep(0.05))


asyncio.run(main())
