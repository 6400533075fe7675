"""A call without await."""

import asyncio


async def save(data):
    await asyncio.sleep(0.1)
    return data


async def main():
    save("data")  # <- AD201
    await asyncio.sleep(0.1)


asyncio.run(main())
