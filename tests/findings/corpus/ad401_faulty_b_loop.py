"""A loop that awaits one by one."""

import asyncio


async def fetch(number):
    await asyncio.sleep(0.1)
    return number


async def main():
    results = []
    for number in range(5):
        results.append(await fetch(number))  # <- AD401
    print(results)


asyncio.run(main())
