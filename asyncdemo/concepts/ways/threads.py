"""The same jobs on threads, for calls that block.

The jobs are plain functions that block their thread: `time.sleep`, not `asyncio.sleep`. Threads start when there is a
job for them, and starting them is part of the time. They wait together as tasks do. They do not compute together:
Python runs one thread at a time, unless it is a free-threaded build, so `--work cpu` takes as long as one by one.

Watch: The main task waits. Each thread has a lane of its own with one job after the other.
Guide: 11 When to Choose Asynchronous
Also: threading, threadpool
Ideal: ceil(jobs / (limit or max(3, jobs // 10))) * delay if work == 'sleep' or work == 'http' else None
Example: asyncdemo threads --jobs 10 --limit 5 --delay 100ms
Example: asyncdemo threads --jobs 4 --work cpu
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

Work = Callable[[float], object]


def fetch_data(number: int, delay: float, work: Work) -> str:
    print(f"Starting to fetch data {number}\n", end="", flush=True)  # in one piece: the jobs print at the same time
    work(delay)
    print(f"Data {number} fetch complete\n", end="", flush=True)
    return f"data_{number}"


async def main(
    jobs: int = 5,  # how many jobs there are, at least 1, at most 1M
    delay: float = 0.2,  # seconds that each job takes, at least 0
    work: Work = time.sleep,  # what each job does; a sleep stands for waiting on a network
    limit: int | None = None,  # how many threads there are, at least 1, at most 1k; a tenth of the jobs, 3 or more
) -> None:
    start = time.perf_counter()
    pool = ThreadPoolExecutor(limit or max(3, jobs // 10))
    loop = asyncio.get_running_loop()
    try:
        jobs_done = (loop.run_in_executor(pool, fetch_data, number, delay, work) for number in range(1, jobs + 1))
        results = await asyncio.gather(*jobs_done)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    print(f"Execution time on threads: {time.perf_counter() - start:.2f} seconds")
    print(f"Results: {results}")


if __name__ == "__main__":
    asyncio.run(main())
