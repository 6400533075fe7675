"""`time.sleep` stops every task; `asyncio.sleep` stops only its own.

All tasks take turns on one thread, and a turn ends at an `await` that has to wait. `time.sleep` keeps the turn: until
it returns no other task runs, no timer goes off and no cancellation arrives. What blocks and cannot be awaited belongs
on a thread: see `executor`.

Watch: The ticker is silent while the jobs block, one after the other. Then they wait side by side, and it ticks.
Guide: 9.1 Blocking the Event Loop
Also: time-sleep, stall, blocking-call, freeze
Correction: The guide does not say what blocking costs. The time is the sum of all blocking calls, however many tasks
    make them, and nothing else runs meanwhile: the ticker misses all its ticks.
Ideal: jobs * block + block
Example: asyncdemo blocking --jobs 2 --block 0.5
Example: asyncdemo blocking --jobs 10 --clock virtual
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any


async def bad_sleep(seconds: float) -> None:
    time.sleep(seconds)


async def good_sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def ticker(tick: float, ticks: list[float]) -> None:
    while True:
        await asyncio.sleep(tick)
        ticks.append(time.perf_counter())


async def run_jobs(jobs: int, sleep: Callable[[float], Coroutine[Any, Any, None]], block: float) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(jobs):
            group.create_task(sleep(block), name=f"{sleep.__name__} {number}")


async def main(
    jobs: int = 3,  # how many tasks sleep, at least 1, at most 1k
    block: float = 1,  # seconds that each one sleeps, at least 0
    tick: float = 0.1,  # seconds between two ticks, at least 0.001
) -> None:
    ticks: list[float] = []
    ticking = asyncio.create_task(ticker(tick, ticks), name="ticker")
    for sleep in (bad_sleep, good_sleep):
        start = time.perf_counter()
        await run_jobs(jobs, sleep, block)
        end = time.perf_counter()
        print(f"{sleep.__name__}, total time: {end - start:.2f} seconds")
        silence = max(later - earlier for earlier, later in pairwise([start, *ticks, end]))
        print(f"{sleep.__name__}, the ticker's longest silent time: {silence:.2f} seconds")
        ticks.clear()
    ticking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
