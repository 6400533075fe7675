"""A wait_for of half a second over work that cleans up for two."""

import asyncio


async def upload():
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(2)


async def main():
    try:
        await asyncio.wait_for(upload(), 0.5)  # <- AD207
    except TimeoutError:
        print("timed out")


asyncio.run(main())
