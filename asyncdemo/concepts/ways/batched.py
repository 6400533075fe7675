"""The same jobs in batches, each after the last job of the other.

Tasks exist only for the batch under way, so a million jobs need no more tasks than ten do. The price: a batch waits for
its slowest job while its other places stand empty; `throttled` fills each place at once. Where all jobs take the same
time, as here, so do both ways.

Watch: The lanes come in steps. A step is as long as its slowest job.
Guide: 8.3 Batch Processing to Reduce Context Switching
Also: in-batches, chunked
Ideal: ceil(jobs / (limit or max(3, jobs // 10))) * delay if work == 'sleep' or work == 'http' else None
Example: asyncdemo batched --jobs 20 --limit 5 --clock virtual
Example: asyncdemo batched --jobs 50 --limit 10 --work http
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
    limit: int | None = None,  # how many make a batch, at least 1, at most 10k; a tenth of the jobs, 3 or more
) -> None:
    start = time.perf_counter()
    size = limit or max(3, jobs // 10)
    results = []
    for first in range(1, jobs + 1, size):
        batch = range(first, min(first + size, jobs + 1))
        tasks = [asyncio.create_task(fetch_data(number, delay, work), name=f"fetch {number}") for number in batch]
        results += await asyncio.gather(*tasks)
    print(f"Batched execution time: {time.perf_counter() - start:.2f} seconds")
    print(f"Results: {results}")


if __name__ == "__main__":
    asyncio.run(main())
