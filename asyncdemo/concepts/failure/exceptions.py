"""A task fails: what becomes of the others, in three ways.

`gather` with `return_exceptions=True` waits for every task and hands over an error like a result. Plain `gather` raises
the first error at once, and the other tasks run on without it. A `TaskGroup` cancels the others, waits until they have
ended, and only then raises. The task fails half-way, so that the others are still asleep.

Watch: Three rounds of half-way failures. In the first two the other tasks sleep on; in the third all end together.
Guide: 5.1 Exception Handling
Also: exception, error-handling, return-exceptions, gather-exceptions
Correction: The guide says that plain `gather` stops at the first exception. It raises at once, but the other tasks run
    on to their end: see the second round. `TaskGroup` is what stops them.
Correction: The guide's `isinstance(result, Exception)` takes a cancelled task for one with a result, for
    `CancelledError` is a BaseException only. `--cancel 3` shows it: here the task is recognised.
Ideal: 2 * delay + delay / 2
Example: asyncdemo exceptions --fail 1
Example: asyncdemo exceptions --cancel 3 --clock virtual
"""

import asyncio


async def task_may_fail(number: int, delay: float, should_fail: bool) -> str:
    await asyncio.sleep(delay / 2)
    if should_fail:
        raise ValueError(f"Task {number} failed")
    await asyncio.sleep(delay / 2)
    return f"Task {number} succeeded"


def state(task: asyncio.Task[str]) -> str:
    if not task.done():
        return "still running"
    return "cancelled" if task.cancelled() else "failed" if task.exception() else "succeeded"


async def main(
    fail: int = 2,  # which of the three tasks fails, at least 1, at most 3
    cancel: int = 0,  # which one is cancelled in the first round, 0 for none, at least 0, at most 3
    delay: float = 1,  # seconds that a task takes; half of it if it fails, at least 0
) -> None:
    jobs = [(number, delay, number == fail) for number in (1, 2, 3)]

    tasks = [asyncio.create_task(task_may_fail(*job), name=f"collect {job[0]}") for job in jobs]
    if cancel:
        asyncio.get_running_loop().call_later(delay / 4, tasks[cancel - 1].cancel)
    for index, result in enumerate(await asyncio.gather(*tasks, return_exceptions=True)):
        if isinstance(result, asyncio.CancelledError):
            print(f"Task {index} cancelled, isinstance(result, Exception): {isinstance(result, Exception)}")
        else:
            print(f"Task {index} {'exception' if isinstance(result, Exception) else 'result'}: {result}")

    tasks = [asyncio.create_task(task_may_fail(*job), name=f"gather {job[0]}") for job in jobs]
    try:
        await asyncio.gather(*tasks)
    except ValueError as error:
        print(f"gather raised: {error}\n  tasks: {', '.join(map(state, tasks))}")
    await asyncio.wait(tasks)
    print(f"  in the end: {', '.join(map(state, tasks))}")

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(task_may_fail(*job), name=f"group {job[0]}") for job in jobs]
    except* ValueError as errors:
        print(f"TaskGroup raised: {errors.exceptions[0]}\n  tasks: {', '.join(map(state, tasks))}")


if __name__ == "__main__":
    asyncio.run(main())
