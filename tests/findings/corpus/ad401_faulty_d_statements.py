"""Statements that save one after the other."""

import asyncio


async def save(name, data):
    await asyncio.sleep(0.1)
    return name, data


async def main():
    await save("a", 1)  # <- AD401
    await save("b", 2)


asyncio.run(main())
