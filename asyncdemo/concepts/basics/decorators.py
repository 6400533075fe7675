"""A timer and a retry, wrapped around a call that may fail.

A decorator for coroutine functions has a wrapper that is one too. The timer, outermost, measures the delays as well.

Watch: One lane sleeps for each attempt and each delay. Lower `--success-rate`; `--seed` makes a run repeatable.
Guide: 2.5 Asynchronous Decorators
Also: decorator, retry, timer, functools-wraps, async-timer, async-retry
Correction: The guide's timer prints no time when the call fails in the end. This one does: `--success-rate 0`.
Correction: The guide retries bugs like a TypeError as well (`--bug retried`), and with `max_attempts=0` returns None.
Ideal: attempts * (call + delay) - delay if bug == "retried" or success_rate == 0 and not bug else call, and any retries
Example: asyncdemo decorators --success-rate 0.3 --seed 2 --clock virtual
Example: asyncdemo decorators --bug raised --clock virtual
"""

import asyncio
import functools
import random
import time
from typing import Any, Literal


def async_timer(function: Any) -> Any:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return await function(*args, **kwargs)
        finally:
            print(f"{function.__name__} took: {time.perf_counter() - start:.2f} seconds")

    return wrapper


def async_retry(attempts: int, delay: float, expected: type[Exception], function: Any) -> Any:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        for attempt in range(1, attempts):
            try:
                return await function(*args, **kwargs)
            except expected as error:
                print(f"Attempt {attempt} failed: {error}, retrying in {delay:g} seconds...")
                await asyncio.sleep(delay)
        return await function(*args, **kwargs)  # the last attempt, which is always made: its error comes out

    return wrapper


async def main(
    success_rate: float = 0.9,  # the share of calls that succeed, at least 0, at most 1
    attempts: int = 3,  # how many attempts there are, at least 1, at most 1M
    delay: float = 0.5,  # seconds between two of them, at least 0
    call: float = 0.5,  # seconds that each one takes, at least 0
    bug: Literal["raised", "retried"] | None = None,  # the call raises a TypeError, raised at once or retried
) -> None:
    @async_timer
    @functools.partial(async_retry, attempts, delay, Exception if bug == "retried" else ConnectionError)
    async def unstable_api_call() -> str:
        await asyncio.sleep(call)
        if bug or random.random() >= success_rate:
            raise TypeError("bug in the API call") if bug else ConnectionError("API call failed")
        return "Success"

    try:
        print(f"Result: {await unstable_api_call()}")
    except (ConnectionError, TypeError) as error:
        print(f"Final failure: {error}")


if __name__ == "__main__":
    asyncio.run(main())
