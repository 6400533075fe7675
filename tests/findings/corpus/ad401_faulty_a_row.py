"""Three fetches in a row."""

import asyncio


async def fetch(name):
    await asyncio.sleep(0.1)
    return name


async def main():
    a = await fetch("a")  # <- AD401
    b = await fetch("b")
    c = await fetch("c")
    print(a, b, c)


asyncio.run(main())
