"""The same jobs one by one: the time is their sum.

`await` alone makes nothing concurrent. The jobs are plain coroutines, all run inside the main task, and the loop has
nothing else to do while each of them sleeps. Compare it with `concurrent`, which does the same work.

Watch: One lane only; the sleeps follow each other.
Guide: 2.1.1 Serial execution
Also: sequential, one-by-one
Ideal: jobs * delay if work == 'sleep' or work == 'http' else None
Example: asyncdemo serial --jobs 10 --clock virtual
Example: asyncdemo serial --delay 50ms
Example: asyncdemo serial --work http --delay 50ms
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
    results = [await fetch_data(number, delay, work) for number in range(1, jobs + 1)]
    print(f"Serial execution time: {time.perf_counter() - start:.2f} seconds")
    print(f"Results: {results}")


if __name__ == "__main__":
    asyncio.run(main())
