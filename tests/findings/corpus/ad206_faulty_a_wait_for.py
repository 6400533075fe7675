"""A wait_for over a retry that takes the time-out for a failure."""

import asyncio


async def fetch():
    for _ in range(3):
        try:
            return await asyncio.sleep(1, "page")
        except BaseException:
            pass


async def main():
    try:
        await asyncio.wait_for(fetch(), 0.5)  # <- AD206
    except TimeoutError:
        print("timed out")


asyncio.run(main())
