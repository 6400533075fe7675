"""The same jobs, taken from a queue by a few workers.

There are as many tasks as workers, however many jobs there are. All jobs are in the queue before the workers begin, so
a worker that finds it empty ends; where jobs keep coming, somebody has to say when it is over: `queue` shows how. A job
that fails ends the group, and with it the other workers.

Watch: One lane for each worker. Each takes the next job as soon as it has done one.
Guide: 3.5 Asynchronous Queue
Also: worker-pool, task-workers
Ideal: ceil(jobs / (limit or max(3, jobs // 10))) * delay if work == 'sleep' or work == 'http' else None
Example: asyncdemo queue-workers --jobs 20 --limit 5 --clock virtual
Example: asyncdemo queue-workers --jobs 50 --limit 10 --work http
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


async def worker(queue: asyncio.Queue[int], results: list[str], delay: float, work: Work) -> None:
    while not queue.empty():
        results.append(await fetch_data(queue.get_nowait(), delay, work))


async def main(
    jobs: int = 5,  # how many jobs there are, at least 1, at most 1M
    delay: float = 0.2,  # seconds that each job takes, at least 0
    work: Work = asyncio.sleep,  # what each job does; a sleep stands for waiting on a network
    limit: int | None = None,  # how many workers there are, at least 1, at most 10k; a tenth of the jobs, 3 or more
) -> None:
    start = time.perf_counter()
    queue: asyncio.Queue[int] = asyncio.Queue()
    results: list[str] = []
    for number in range(1, jobs + 1):
        queue.put_nowait(number)
    async with asyncio.TaskGroup() as group:
        for number in range(1, min(limit or max(3, jobs // 10), jobs) + 1):
            group.create_task(worker(queue, results, delay, work), name=f"Worker {number}")
    print(f"Execution time with workers: {time.perf_counter() - start:.2f} seconds")
    print(f"Results: {len(results)}")


if __name__ == "__main__":
    asyncio.run(main())
