"""Many tasks share a resource that only a few may use at once.

A semaphore counts free slots. `async with` takes one, or waits in a queue until a task gives its slot back. Those that
wait are served in the order in which they came.

Watch: Never more than `limit` lanes hold a slot at once; the others wait, and start in rows as slots are released.
Guide: 3.2 Asynchronous Semaphore
Also: limit, rate-limit, bounded-semaphore
Correction: The guide does not say that a `release()` too many raises the limit for good: `--stray-release` lets one
    more task in, row after row. `async with` always pairs them; where you release by hand, `asyncio.BoundedSemaphore`
    refuses with a ValueError to have more free slots than at first.
Correction: The guide gives no time to expect. It is the number of rows, ceil(tasks / limit), times the hold.
Example: asyncdemo semaphore --clock virtual --limit 5
Example: asyncdemo semaphore --clock virtual --stray-release
Ideal: ceil(tasks / (limit + 1 if stray_release else limit)) * hold
"""

import asyncio
import time


async def access_resource(semaphore: asyncio.Semaphore, number: int, hold: float) -> None:
    async with semaphore:
        print(f"Task {number} acquired resource")
        await asyncio.sleep(hold)
        print(f"Task {number} released resource")


def release_once_too_often(semaphore: asyncio.Semaphore) -> None:
    try:
        semaphore.release()
        print(f"{type(semaphore).__name__}: released once too often")
    except ValueError as error:
        print(f"{type(semaphore).__name__}: ValueError: {error}")


async def main(
    tasks: int = 10,  # how many tasks want the resource, at least 1, at most 1M
    limit: int = 3,  # how many may hold it at once, at least 1
    hold: float = 1,  # seconds that each one holds it, at least 0
    stray_release: bool = False,  # release it once before anybody has acquired it
) -> None:
    semaphore = asyncio.Semaphore(limit)
    if stray_release:
        release_once_too_often(asyncio.BoundedSemaphore(limit))
        release_once_too_often(semaphore)
    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(tasks):
            group.create_task(access_resource(semaphore, number, hold), name=f"Task {number}")
    print(f"Total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
