"""The same jobs together, their results as they come.

All jobs are under way at once, as with `concurrent`. There all results come in the order of the jobs, when the last one
is there; here each comes as soon as it is there, whichever it is, and can be used while the others go on.

Watch: The lanes are those of `concurrent`. The main task wakes for each of them, not once for all.
Guide: 2.1.2 Concurrent execution
Also: first-completed, results-as-they-come
Ideal: delay if work == 'sleep' or work == 'http' else None
Example: asyncdemo as-completed --jobs 10 --clock virtual
Example: asyncdemo as-completed --jobs 10 --work mixed --delay 50ms
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

Work = Callable[[float], Awaitable[object]]


async def fetch_data(number: int, delay: float, work: Work) -> str:
    print(f"Starting to fetch data {number}")
    await work(delay)
    print(f"Data {number} fetch complete")
    return f"data_{number}"


async def main(
    jobs: int = 5,  # how many jobs there are, at least 1, at most 1M
    delay: float = 0.2,  # seconds that each job takes, at least 0
    work: Work = asyncio.sleep,  # what each job does; a sleep stands for waiting on a network
) -> None:
    start = time.perf_counter()
    tasks = [
        asyncio.create_task(fetch_data(number, delay, work), name=f"fetch {number}") for number in range(1, jobs + 1)
    ]
    for number, result in enumerate(asyncio.as_completed(tasks), 1):
        await result
        print(f"{number} of {jobs} after {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
