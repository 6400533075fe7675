"""Time-outs take back what they asked."""

import asyncio


async def main():
    for _ in range(3):
        try:
            async with asyncio.timeout(0.05):
                await asyncio.sleep(1)
        except TimeoutError:
            await asyncio.sleep(0.1)
        try:
            await asyncio.wait_for(asyncio.sleep(1), 0.05)
        except TimeoutError:
            await asyncio.sleep(0.1)


asyncio.run(main())
