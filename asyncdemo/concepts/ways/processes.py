"""The same jobs on processes, which compute on several CPUs.

Each process is a Python of its own, which starts afresh, imports this file, and is sent its jobs one by one. That costs
some tenths of a second before the first job begins, and is part of the time: with few or short jobs it is most of it.
With more processes than CPUs computing gets no faster.

Watch: The main task waits while the processes start. Then each has a lane of its own with one job after the other.
Guide: 11 When to Choose Asynchronous
Also: multiprocessing, processpool
Ideal: ceil(jobs / processes) * delay if work == 'sleep' or work == 'http' else None, and the start of the processes
Example: asyncdemo processes --jobs 4 --work cpu
Example: asyncdemo processes --jobs 10 --processes 4 --delay 100ms
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

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
    processes: int = 2,  # how many processes there are, at least 1, at most 61
) -> None:
    start = time.perf_counter()
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
    loop = asyncio.get_running_loop()
    try:
        jobs_done = (loop.run_in_executor(pool, fetch_data, number, delay, work) for number in range(1, jobs + 1))
        results = await asyncio.gather(*jobs_done)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    print(f"Execution time on processes: {time.perf_counter() - start:.2f} seconds")
    print(f"Results: {results}")


if __name__ == "__main__":
    asyncio.run(main())
