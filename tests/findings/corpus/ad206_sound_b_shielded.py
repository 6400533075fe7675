"""A time-out that gives up waiting and lets the work go on, which somebody awaits later."""

import asyncio


async def main():
    work = asyncio.create_task(asyncio.sleep(1))
    try:
        await asyncio.wait_for(asyncio.shield(work), 0.1)
    except TimeoutError:
        print("still at it")
    await work


asyncio.run(main())
