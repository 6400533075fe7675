"""Two fetches one after the other, then three at once.

A coroutine runs when it is awaited. Awaited one by one, two fetches take twice as long; handed to `gather`, which runs
each as a task of its own, three take as long as one. `gather` would wrap bare coroutines by itself: the tasks are made
here only to carry a name.

Watch: The main task sleeps through both serial fetches itself; then three lanes open at once and sleep side by side.
Guide: 2.1 Defining and Executing Coroutines
Ideal: 3 * delay
Example: asyncdemo gather --clock virtual
Example: asyncdemo gather --delay 0.5 --clock virtual
"""

import asyncio
import time


async def fetch_data(number: int, delay: float) -> str:
    print(f"Starting to fetch data {number}")
    await asyncio.sleep(delay)  # stands for waiting on a network
    print(f"Data {number} fetch complete")
    return f"data_{number}"


async def main(
    delay: float = 2,  # seconds that each fetch takes, at least 0
) -> None:
    start = time.perf_counter()
    await fetch_data(1, delay)
    await fetch_data(2, delay)
    print(f"Serial execution time: {time.perf_counter() - start:.2f} seconds")

    start = time.perf_counter()
    results = await asyncio.gather(
        asyncio.create_task(fetch_data(3, delay), name="fetch 3"),
        asyncio.create_task(fetch_data(4, delay), name="fetch 4"),
        asyncio.create_task(fetch_data(5, delay), name="fetch 5"),
    )
    print(f"Concurrent execution time: {time.perf_counter() - start:.2f} seconds")
    print(f"Results: {results}")


if __name__ == "__main__":
    asyncio.run(main())
