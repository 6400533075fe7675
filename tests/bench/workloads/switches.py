"""W1: nothing but task switches: TASKS tasks of SWITCHES `sleep(0)` each, a thousand at a time.

Usage: python switches.py [asyncio|uvloop] [TASKS] [SWITCHES]
"""

from __future__ import annotations

import asyncio
import sys
import time
from importlib import import_module

AT_ONCE = 1000


async def work(switches: int) -> None:
    """Give control up, again and again."""
    for _ in range(switches):
        await asyncio.sleep(0)


async def main(tasks: int, switches: int) -> None:
    """Run all tasks, a thousand at a time."""
    start = time.perf_counter()
    for _ in range(0, tasks, AT_ONCE):
        await asyncio.gather(*(work(switches) for _ in range(AT_ONCE)))
    print(f"{time.perf_counter() - start:.6f} seconds in the loop")


if __name__ == "__main__":
    loop, tasks, switches = [*sys.argv[1:], *("asyncio", "100000", "3")[len(sys.argv) - 1 :]]
    import_module(loop).run(main(int(tasks), int(switches)))
