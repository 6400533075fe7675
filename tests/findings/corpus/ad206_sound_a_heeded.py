"""Time-outs that are heeded, one after the other, and from the same line."""

import asyncio


async def fetch(delay):
    try:
        return await asyncio.sleep(delay)
    finally:
        await asyncio.sleep(0.01)


async def main():
    for delay in (0.01, 1, 1, 0.01, 1):
        try:
            await asyncio.wait_for(fetch(delay), 0.2)
        except TimeoutError:
            await asyncio.sleep(1)


asyncio.run(main())
