"""A task group that has a task for each line of a text.  real"""

import asyncio

LINES = ["a line of some words"] * 2_000


async def count(line, counts):
    counts.append(len(line.split()))


async def main():
    counts = []
    async with asyncio.TaskGroup() as group:
        for line in LINES:
            group.create_task(count(line, counts))  # <- AD104
    print(sum(counts))


asyncio.run(main())
