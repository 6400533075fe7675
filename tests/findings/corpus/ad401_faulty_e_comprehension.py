"""A comprehension that awaits one item after the other."""

import asyncio


async def fetch(number):
    await asyncio.sleep(0.1)
    return number


async def main():
    print([await fetch(0)])
    pages = [await fetch(number) for number in range(4)]  # <- AD401
    print(pages)


asyncio.run(main())
