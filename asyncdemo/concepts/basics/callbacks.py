"""A callback that a task awaits, and one that the loop calls.

A coroutine can await a callback that it was given. `add_done_callback` needs no help from the coroutine: when its task
has ended, the loop calls a plain function with the task. The end may be a result, an error or a cancellation.

Watch: The main task does the first job itself; the second is a task of its own, for which the main task waits.
Guide: 2.6 Callback Functions
Also: add-done-callback, callback, done-callback, on-complete, on-error
Correction: The guide's `except Exception` misses `CancelledError`, which the loop then logs: `--cancel --guide`.
Correction: The guide writes an `on_error` and never uses it. Here a job that fails awaits it: `--fail`.
Ideal: delay + (delay / 2 if cancel else delay)
Example: asyncdemo callbacks --fail --clock virtual
Example: asyncdemo callbacks --cancel --guide --clock virtual
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Callback = Callable[[Any], Awaitable[None]]


async def task_with_callbacks(value: int, delay: float, fail: bool, callback: Callback, errback: Callback) -> int:
    await asyncio.sleep(delay)
    if fail:
        error = ValueError(f"cannot double {value}")
        await errback(error)
        raise error
    await callback(value * 2)
    return value * 2


async def on_complete(result: int) -> None:
    print(f"Task complete, result: {result}")


async def on_error(error: Exception) -> None:
    print(f"Task failed, error: {error}")


def guide_callback(task: asyncio.Task[int]) -> None:
    try:
        print(f"Result obtained via done_callback: {task.result()}")
    except Exception as error:  # noqa: BLE001 - as the guide has it: CancelledError is none
        print(f"Task exception: {error}")


def done_callback(task: asyncio.Task[int]) -> None:
    if task.cancelled():
        print("Task was cancelled")
    else:
        guide_callback(task)


async def main(
    delay: float = 1,  # seconds that each job takes, at least 0
    fail: bool = False,  # the second job fails
    cancel: bool = False,  # cancel the second job half-way
    guide: bool = False,  # use the guide's done callback
) -> None:
    await task_with_callbacks(10, delay, False, on_complete, on_error)
    task = asyncio.create_task(task_with_callbacks(20, delay, fail, on_complete, on_error), name="second job")
    task.add_done_callback(guide_callback if guide else done_callback)
    if cancel:
        asyncio.get_running_loop().call_later(delay / 2, task.cancel)
    await asyncio.wait([task])


if __name__ == "__main__":
    asyncio.run(main())
