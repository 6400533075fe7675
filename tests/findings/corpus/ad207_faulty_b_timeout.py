"""A time-out around an asynchronous context manager that is slow to leave."""

import asyncio
import contextlib


@contextlib.asynccontextmanager
async def connection():
    try:
        yield
    finally:
        await asyncio.sleep(1)


async def main():
    try:
        async with asyncio.timeout(0.3):  # <- AD207
            async with connection():
                await asyncio.sleep(60)
    except TimeoutError:
        print("timed out")


asyncio.run(main())
