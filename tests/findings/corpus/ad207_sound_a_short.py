"""Cleaning up that is short against its time-out."""

import asyncio


async def upload():
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.2)


async def main():
    try:
        await asyncio.wait_for(upload(), 5)
    except TimeoutError:
        print("timed out")


asyncio.run(main())
