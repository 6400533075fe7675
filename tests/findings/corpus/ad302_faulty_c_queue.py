"""A consumer that waits for more than there is."""

import asyncio


async def main():
    queue = asyncio.Queue()
    for item in range(3):
        await queue.put(item)
    for _ in range(4):
        await queue.get()  # <- AD302


asyncio.run(main())
