"""Without `await`, calling a coroutine function runs nothing.

The call only makes a coroutine object, which nobody starts: the work is silently not done, and the object stands where
the result should be. When the object goes away Python warns, on stderr; here the warning is printed like all else.

Watch: The forgotten call is nowhere in the timeline, for it never ran. The other one is the sleep of the main task.
Guide: 9.2 Forgetting to Await
Also: never-awaited, missing-await, unawaited, coroutine-object
Correction: The guide does not say how to find the mistake. A RuntimeWarning names the function, and no filter is needed
    to see it. It comes when the object goes away: with `--keep`, where a list still holds it, only at the end.
Ideal: delay
Example: asyncdemo forgotten-await --clock virtual
Example: asyncdemo forgotten-await --keep --clock virtual
"""

import asyncio
import time
import warnings


async def some_async_func(delay: float) -> str:
    print("Working...")
    await asyncio.sleep(delay)
    return "some data"


def bad_call(delay: float) -> object:
    result = some_async_func(delay)  # the await is forgotten
    print(f"Without await the result is a {type(result).__name__}")
    return result


async def good_call(delay: float) -> None:
    start = time.perf_counter()
    result = await some_async_func(delay)
    print(f"With await the result is {result!r}, time: {time.perf_counter() - start:.2f} seconds")


def print_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    print(f"{category.__name__}: {message}")


async def main(
    delay: float = 1,  # seconds that the function takes, at least 0
    keep: bool = False,  # keep the forgotten coroutine in a list until the end
) -> None:
    kept = []
    with warnings.catch_warnings():
        warnings.resetwarnings()  # no filter at all, not even Python's own
        warnings.showwarning = print_warning
        if keep:
            kept.append(bad_call(delay))
        else:
            bad_call(delay)
        await good_call(delay)
        kept.clear()


if __name__ == "__main__":
    asyncio.run(main())
