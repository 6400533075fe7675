"""Fetches that run together."""

import asyncio


async def fetch(name):
    await asyncio.sleep(0.1)
    return name


async def main():
    a, b, c = await asyncio.gather(fetch("a"), fetch("b"), fetch("c"))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(fetch(name)) for name in (a, b, c)]
    print([task.result() for task in tasks])


asyncio.run(main())
