"""A time-out that is inside of the connection, which is slow to be left."""

import asyncio
import contextlib


@contextlib.asynccontextmanager
async def connection():
    try:
        yield
    finally:
        await asyncio.sleep(1)


async def main():
    async with connection():
        try:
            async with asyncio.timeout(0.3):
                await asyncio.sleep(60)
        except TimeoutError:
            await asyncio.sleep(1)


asyncio.run(main())
