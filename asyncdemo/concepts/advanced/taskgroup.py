"""Tasks that end together: when one fails, the others are cancelled.

`async with` does not end before every task of the group has. Failures come out together as an exception group, which
`except*` takes apart by type, groups within groups included. A task may have a group of its own (`--nested`): cancelled
from outside it cancels its own tasks in turn; a failure inside fails the task, and with it the outer group.

Watch: With `--fail 2` the second task fails half-way; its siblings still sleep and end at that moment, cancelled.
Guide: 7.2 Coroutine Nesting and Task Groups
Also: task-group, except-star, exception-group, structured-concurrency, nursery, nesting
Correction: The guide's listing shows no failure, which is what a group is for: one failing task cancels its siblings,
    where `gather` lets them run on. `--fail` shows it, at half the delay.
Correction: `except* ValueError` takes only the ValueErrors. Another type passes it, in its group: `--type-error`.
Ideal: (delay / 2 if fail and fail <= jobs else delay) if work == 'sleep' or work == 'http' else None
Example: asyncdemo taskgroup --fail 2
Example: asyncdemo taskgroup --fail 3 --nested --type-error --clock virtual
"""

import asyncio
from collections.abc import Awaitable, Callable

Work = Callable[[float], Awaitable[object]]


async def job(name: str, delay: float, work: Work, error: type[Exception] | None) -> None:
    try:
        await work(delay / 2 if error else delay)
        if error:
            raise error(f"{name} failed")
    except asyncio.CancelledError:
        print(f"{name} cancelled")
        raise
    print(f"{name} complete")


async def nest(name: str, delay: float, work: Work, error: type[Exception] | None) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(job(f"{name}.1", delay, work, error), name=f"{name}.1")
        group.create_task(job(f"{name}.2", delay, work, None), name=f"{name}.2")


def flat(error: Exception) -> list[Exception]:
    return [leaf for each in error.exceptions for leaf in flat(each)] if isinstance(error, ExceptionGroup) else [error]


async def main(
    fail: int = 0,  # which of the first three tasks fails, 0 for none, at least 0, at most 3
    type_error: bool = False,  # it fails with a TypeError, not with a ValueError
    delay: float = 1,  # seconds that each task takes, at least 0
    nested: bool = False,  # Task 3 has two tasks in a group of its own; should it fail, the first of them does
    jobs: int = 3,  # how many tasks there are, at least 1, at most 1M
    work: Work = asyncio.sleep,  # what each task does
) -> None:
    error = TypeError if type_error else ValueError
    try:
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(1, jobs + 1):
                    name = f"Task {number}"
                    run = nest if nested and name == "Task 3" else job
                    group.create_task(run(name, delay, work, error if number == fail else None), name=name)
            print("All tasks completed successfully")
        except* ValueError as caught:
            print(f"Caught {len(flat(caught))} exceptions", *flat(caught), sep="\n  - ")
    except ExceptionGroup as passed:
        print(f"Passed except* ValueError: {flat(passed)}")


if __name__ == "__main__":
    asyncio.run(main())
