"""W2: 100,000 items handed by five producers to five consumers through a queue with room for ten.

Usage: python handover.py [asyncio|uvloop]
"""

from __future__ import annotations

import asyncio
import sys
import time
from importlib import import_module

ITEMS, ROOM, PAIRS = 100_000, 10, 5


async def produce(queue: asyncio.Queue[int | None]) -> None:
    """Put one producer's share."""
    for item in range(ITEMS // PAIRS):
        await queue.put(item)


async def consume(queue: asyncio.Queue[int | None]) -> None:
    """Take items until there is nothing more to come."""
    while await queue.get() is not None:
        pass


async def main() -> None:
    """Hand everything over."""
    start = time.perf_counter()
    queue: asyncio.Queue[int | None] = asyncio.Queue(maxsize=ROOM)
    async with asyncio.TaskGroup() as consumers:
        for _ in range(PAIRS):
            consumers.create_task(consume(queue))
        await asyncio.gather(*(produce(queue) for _ in range(PAIRS)))
        for _ in range(PAIRS):
            await queue.put(None)
    print(f"{time.perf_counter() - start:.6f} seconds in the loop")


if __name__ == "__main__":
    import_module(*sys.argv[1:] or ["asyncio"]).run(main())
