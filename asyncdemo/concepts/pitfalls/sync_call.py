"""Ways to call a coroutine from a plain function, and how they fail.

A plain function cannot wait without blocking its thread, so what works depends on the thread. Where no loop runs,
`asyncio.run` makes one: so a program starts. Where a loop runs, nothing works: make the function `async`, or create a
task. A thread beside the loop hands the coroutine to that loop and waits: `run_coroutine_threadsafe`.

Watch: The main task waits for a thread each time. First a second loop runs the coroutine, then a task of the first one.
Guide: 9.3 Calling Asynchronous Functions in Synchronous Functions
Also: asyncio-run, run-until-complete, get-event-loop, run-coroutine-threadsafe
Correction: The guide's second method takes an "existing loop". In a thread there is none, which is a RuntimeError, and
    so it is in the main thread with uvloop and from Python 3.14 on; 3.12 and 3.13 make one with a DeprecationWarning.
Correction: The guide does not say that its first method fails inside a running loop: `asyncio.run` is a RuntimeError
    there. So is `run_until_complete` of the loop that runs.
Ideal: 2 * delay
Example: asyncdemo sync-call
Example: asyncdemo sync-call --delay 0.2
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

AWAIT_IN_A_DEF = "def sync_function():\n    result = await async_function()"


async def async_function(delay: float) -> str:
    await asyncio.sleep(delay)
    return "some data"


def run(delay: float) -> str:
    coroutine = async_function(delay)
    try:
        return asyncio.run(coroutine)
    finally:
        coroutine.close()  # where asyncio.run refuses it, nobody awaits it


def use_existing_loop(delay: float) -> str:
    loop = asyncio.get_event_loop()
    return loop.run_until_complete(async_function(delay))


def hand_over(loop: asyncio.AbstractEventLoop, delay: float) -> str:
    return asyncio.run_coroutine_threadsafe(async_function(delay), loop).result()


def attempt(way: str, call: Callable[[], object]) -> None:
    try:
        print(f"{way}:\n  {call()}")
    except (SyntaxError, RuntimeError) as error:
        print(f"{way}:\n  {type(error).__name__}: {error.args[0]}")


async def main(
    delay: float = 0.5,  # seconds that the coroutine takes, at least 0
) -> None:
    loop = asyncio.get_running_loop()
    attempt("await in a def", partial(compile, AWAIT_IN_A_DEF, "guide", "exec"))
    attempt("asyncio.run inside a loop", partial(run, delay))
    with ThreadPoolExecutor(1, "helper") as pool:
        await loop.run_in_executor(pool, attempt, "get_event_loop in a thread", partial(use_existing_loop, delay))
        await loop.run_in_executor(pool, attempt, "asyncio.run in a thread", partial(run, delay))
        await loop.run_in_executor(pool, attempt, "run_coroutine_threadsafe", partial(hand_over, loop, delay))


if __name__ == "__main__":
    asyncio.run(main())
