"""A timeout cancels what takes too long, and waits for its end.

After `limit` seconds the work is cancelled: a `CancelledError` is raised where it awaits. What leaves the timeout is a
`TimeoutError`. `wait_for` limits one awaitable; `asyncio.timeout`, from Python 3.11 on, limits whatever stands in its
`async with` block. Neither is a hard limit: work that cleans up slowly, or blocks the loop, takes longer.

Watch: The sleep ends at the limit, not after `work`; with `--slow-cleanup` another one follows it.
Guide: 2.3 Timeout Control
Also: wait-for, asyncio-timeout, timeout-error, deadline, time-limit
Correction: The guide does not say that a timeout is no hard limit. Cancelling is a request, and the timeout waits for
    its end: 2 s over work that cleans up for 3 s end after 5 s (`--slow-cleanup`).
Correction: The guide does not say that a timeout cannot interrupt what blocks the loop: 2 s over `time.sleep(3)` end
    after 3 s with a result, as if there were no limit: `--blocking --work 3`.
Correction: The guide catches `asyncio.TimeoutError`, since Python 3.11 another name of the builtin `TimeoutError`. It
    leaves out `asyncio.timeout()`, the modern form: `--using timeout`.
Ideal: work if blocking or work < limit else limit + (cleanup if slow_cleanup else 0)
Example: asyncdemo timeout --using timeout --clock virtual
Example: asyncdemo timeout --slow-cleanup --clock virtual
Example: asyncdemo timeout --blocking --work 3 --clock virtual
"""

import asyncio
import time
from typing import Literal


async def long_running_task(work: float, cleanup: float, blocking: bool) -> str:
    try:
        if blocking:
            time.sleep(work)
        else:
            await asyncio.sleep(work)
    except asyncio.CancelledError:
        if cleanup:
            print("Cleaning up...")
            await asyncio.sleep(cleanup)
        raise
    return "Complete"


async def main(
    work: float = 5,  # seconds that the work takes, at least 0
    limit: float = 2,  # seconds that it may take, at least 0.001
    using: Literal["wait_for", "timeout"] = "wait_for",  # what limits it, of asyncio
    slow_cleanup: bool = False,  # the work cleans up when it is cancelled
    cleanup: float = 3,  # seconds that this takes, at least 0
    blocking: bool = False,  # the work blocks the loop and awaits nothing
) -> None:
    start = time.perf_counter()
    job = long_running_task(work, cleanup if slow_cleanup else 0, blocking)
    try:
        if using == "wait_for":
            print(await asyncio.wait_for(job, timeout=limit))
        else:
            async with asyncio.timeout(limit):
                print(await job)
    except TimeoutError:
        print("Task timed out")
    print(f"Elapsed time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
