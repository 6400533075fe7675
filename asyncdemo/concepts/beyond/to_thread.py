"""Blocking calls on threads in one line, with their context.

`await asyncio.to_thread(function)` runs a blocking function on a thread of the loop's own pool, of which there are
min(32, CPUs + 4). The function runs in a copy of the caller's context, so it sees every context variable; what it sets
stays in the copy. A thread cannot be stopped: when one call fails, the others run on. The error need not wait for them;
`asyncio.run` does, at its very end.

Watch: A thread for each call. With `--fail 300ms --way with` the error blocks the loop until the last thread has ended.
Guide: 2.7 Executing Synchronous Functions in Asynchronous Code
Also: default-executor, blocking-io
Correction: The guide knows `run_in_executor` alone. It is longer, and leaves context variables behind: with
    `--way run_in_executor` the calls do not know their request.
Correction: The guide has `with ThreadPoolExecutor` inside a coroutine. On an error the end of the `with` blocks the
    loop until the other threads have ended, and only then is the error heard of: `--fail 300ms --way with`.
Ideal: block
Example: asyncdemo to-thread --block 300ms --way run_in_executor
Example: asyncdemo to-thread --block 1s --fail 300ms
Example: asyncdemo to-thread --block 1s --fail 300ms --way with
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import ContextVar
from typing import Literal

request_id: ContextVar[str] = ContextVar("request_id", default="unknown")


def blocking_call(number: int, block: float, fail: float) -> str:
    print(f"[{request_id.get()}] Call {number} starting\n", end="")  # in one piece: threads would mix text and newline
    if fail and number == 1:
        time.sleep(min(fail, block))
        raise OSError(f"Call {number} failed")
    time.sleep(block)
    print(f"[{request_id.get()}] Call {number} complete\n", end="")
    return f"result_{number}"


async def main(
    calls: int = 3,  # how many calls block at once, at least 2, at most 5
    block: float = 2,  # seconds that each call blocks its thread, at least 0
    fail: float = 0,  # seconds until the first call fails, 0 for never, at least 0
    way: Literal["to_thread", "run_in_executor", "with"] = "to_thread",  # how the calls get to their threads
) -> None:
    async def call(number: int) -> str:
        if way == "to_thread":
            return await asyncio.to_thread(blocking_call, number, block, fail)
        return await asyncio.get_running_loop().run_in_executor(pool, blocking_call, number, block, fail)

    request_id.set("req-001")
    start = time.perf_counter()
    try:
        with ThreadPoolExecutor(calls) if way == "with" else nullcontext() as pool:
            tasks = [asyncio.create_task(call(number), name=f"Call {number}") for number in range(1, calls + 1)]
            results = await asyncio.gather(*tasks)
        print(f"Results: {results}")
    except OSError as error:
        print(f"Error: {error}")
    print(f"Outcome known, time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
