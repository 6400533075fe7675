"""The same jobs as tasks; a semaphore limits how many work.

All tasks exist from the beginning, and each holds one of the semaphore's places while it works. A place is given on as
soon as it is free, so that none stays empty while jobs are left: compare with `batched`. More on that: `semaphore` and
`throttle`.

Watch: All lanes begin at once. Never more than `limit` of them work, and each that ends lets one more begin.
Guide: 8.2 Use Semaphores to Control Concurrency
Also: throttling, rate-limited
Ideal: ceil(jobs / (limit or max(3, jobs // 10))) * delay if work == 'sleep' or work == 'http' else None
Example: asyncdemo throttled --jobs 20 --limit 5 --clock virtual
Example: asyncdemo throttled --jobs 50 --limit 10 --work http
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


async def in_turn(semaphore: asyncio.Semaphore, number: int, delay: float, work: Work) -> str:
    async with semaphore:
        return await fetch_data(number, delay, work)


async def main(
    jobs: int = 5,  # how many jobs there are, at least 1, at most 1M
    delay: float = 0.2,  # seconds that each job takes, at least 0
    work: Work = asyncio.sleep,  # what each job does; a sleep stands for waiting on a network
    limit: int | None = None,  # how many work at once, at least 1, at most 10k; a tenth of the jobs, 3 or more
) -> None:
    start = time.perf_counter()
    semaphore = asyncio.Semaphore(limit or max(3, jobs // 10))
    tasks = [
        asyncio.create_task(in_turn(semaphore, number, delay, work), name=f"fetch {number}")
        for number in range(1, jobs + 1)
    ]
    results = await asyncio.gather(*tasks)
    print(f"Throttled execution time: {time.perf_counter() - start:.2f} seconds")
    print(f"Results: {results}")


if __name__ == "__main__":
    asyncio.run(main())
