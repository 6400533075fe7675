"""A listener whose event has gone."""

import asyncio
import gc


async def listen(event):
    await event.wait()


async def start():
    asyncio.create_task(listen(asyncio.Event()))  # <- AD203
    await asyncio.sleep(0.01)


async def main():
    await start()
    gc.collect()
    await asyncio.sleep(0.1)


asyncio.run(main())
