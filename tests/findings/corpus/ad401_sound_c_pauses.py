"""Pauses, a poll and a chain of pages are meant to be in a row."""

import asyncio


async def page(cursor):
    await asyncio.sleep(0.05)
    return cursor + 1 if cursor < 5 else None


async def main():
    await asyncio.sleep(0.1)
    await asyncio.sleep(0.1)
    cursor = 0
    while cursor is not None:
        cursor = await page(cursor)
    for _ in range(3):
        await asyncio.sleep(0.05)
    total = 0
    for number in range(3):
        total = await page(total + number)


asyncio.run(main())
