"""A time-out over a task that ends with an error of its own, long after."""

import asyncio


async def save():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(0.6)
        raise ValueError("half saved") from None


async def main():
    try:
        await asyncio.wait_for(save(), 0.1)  # <- AD206
    except (TimeoutError, ValueError) as error:
        print(error)


asyncio.run(main())
