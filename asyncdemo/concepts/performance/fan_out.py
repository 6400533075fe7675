"""Awaiting each task in the loop that makes it, against all at once.

Making a task takes microseconds and waits for nobody. `await` in the loop's body waits for that one task before the
next is made, so that never more than one of them is at work. Make them all first, then await them together.

Watch: First one task after the other, and never two at once. Then all of them begin and end together, at the very end.
Guide: 8.1 Avoid Creating Tasks in Loops
Also: fanout, tasks-in-loop, await-in-loop, many-tasks
Correction: The guide says to avoid creating tasks in loops. Creating is not the cost, and its own good practice creates
    them in a loop too: it is the `await` in the loop that makes the time their sum.
Ideal: tasks * delay + delay
Example: asyncdemo fan-out --tasks 10 --delay 0.1
Example: asyncdemo fan-out --tasks 300 --delay 10ms --clock virtual
"""

import asyncio
import time


async def some_async_func(delay: float) -> None:
    await asyncio.sleep(delay)


async def one_by_one(tasks: int, delay: float) -> None:
    start = time.perf_counter()
    for number in range(tasks):
        await asyncio.create_task(some_async_func(delay), name=f"serial {number}")
    print(f"Created and awaited one by one, time: {time.perf_counter() - start:.3f} seconds")


async def all_at_once(tasks: int, delay: float) -> None:
    start = time.perf_counter()
    created = [asyncio.create_task(some_async_func(delay), name=f"at once {number}") for number in range(tasks)]
    print(f"Created in a loop, time: {time.perf_counter() - start:.3f} seconds")
    await asyncio.gather(*created)
    print(f"Created in a loop and gathered, time: {time.perf_counter() - start:.3f} seconds")


async def main(
    tasks: int = 1000,  # how many tasks each way has, at least 1, at most 100k
    delay: float = 0.003,  # seconds that each task waits, at least 0
) -> None:
    await one_by_one(tasks, delay)
    await all_at_once(tasks, delay)


if __name__ == "__main__":
    asyncio.run(main())
