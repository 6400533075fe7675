"""Futures that are completed, and cancelled."""

import asyncio


async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_later(0.1, future.set_result, 1)
    await future
    other = loop.create_future()
    try:
        await asyncio.wait_for(other, 0.1)
    except TimeoutError:
        pass


asyncio.run(main())
