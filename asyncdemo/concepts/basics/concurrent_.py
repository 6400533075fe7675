"""The same jobs together: the time is that of one.

Every job is a task. The tasks start as soon as the main task awaits something; the loop goes from one to the next, and
since each only waits, all their waits overlap. What they compute (`--work cpu`) does not. Compare it with `serial`,
which does the same work.

Watch: The lanes start together and end together; more jobs add lanes, and no time.
Guide: 2.1.2 Concurrent execution
Also: parallel, together
Ideal: delay if work == 'sleep' or work == 'http' else None
Example: asyncdemo concurrent --jobs 1k --clock virtual
Example: asyncdemo concurrent --delay 50ms
Example: asyncdemo concurrent --jobs 50 --work http
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
    results = await asyncio.gather(*tasks)
    print(f"Concurrent execution time: {time.perf_counter() - start:.2f} seconds")
    print(f"Results: {results}")


if __name__ == "__main__":
    asyncio.run(main())
