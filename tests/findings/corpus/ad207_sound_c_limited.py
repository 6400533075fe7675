"""Cleaning up that has a time-out of its own."""

import asyncio
import contextlib


async def upload():
    try:
        await asyncio.sleep(60)
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(30), 0.1)


async def main():
    try:
        await asyncio.wait_for(upload(), 1)
    except TimeoutError:
        print("timed out")


asyncio.run(main())
