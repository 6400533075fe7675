"""A task is cancelled while it sleeps, and says so before it ends.

`task.cancel()` is a request. The task wakes with a `CancelledError` at the `await` where it was waiting, may clean up,
and raises the error on: only then is it cancelled, and only then does `await task` end. A task that catches the error
and keeps it goes on as it likes, and whoever cancelled it waits. A `try` around a retry that catches too much is enough
for that. Timeouts and task groups work by cancelling, so such a task breaks them too.

Watch: The task's sleep ends when the main task cancels it; with `--swallow` it sleeps again and the main task waits.
Guide: 5.2 Task Cancellation
Also: cancel, cancelled, cancelled-error, task-cancel, swallow
Ideal: after + work if swallow and after <= work else after
Example: asyncdemo cancellation --swallow --clock virtual
Example: asyncdemo cancellation --work 1s --after 500ms
Example: asyncdemo cancellation --after 12 --clock virtual
"""

import asyncio


async def long_task(name: str, work: float, swallow: bool) -> str:
    try:
        print(f"{name} starting")
        await asyncio.sleep(work)
    except asyncio.CancelledError:
        if not swallow:
            print(f"{name} was cancelled")
            raise
        print(f"{name} ignores that and starts over")
        await asyncio.sleep(work)
    print(f"{name} complete")
    return "done"


async def main(
    work: float = 10,  # seconds that the task takes, at least 0
    after: float = 2,  # seconds until it is cancelled, at least 0
    swallow: bool = False,  # the task catches its cancellation and goes on
) -> None:
    task = asyncio.create_task(long_task("Long Task", work, swallow), name="Long Task")
    await asyncio.sleep(after)
    print("Cancelling task")
    if not task.cancel():
        print("It had ended before: cancel() did nothing")
    try:
        result = await task
        print(f"Task not cancelled, result: {result}, cancel requests: {task.cancelling()}")
    except asyncio.CancelledError:
        print("Task confirmed cancelled")


if __name__ == "__main__":
    asyncio.run(main())
