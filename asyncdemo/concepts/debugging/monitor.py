"""A task that reports on all tasks, and how late the loop is.

`all_tasks()` gives the tasks that are not done, in no order, and does not say how old they are. This monitor sorts them
by name, remembers when it first saw each one, and measures the loop: how much later it is woken than it asked for.

Watch: From report to report one task fewer is in flight. With `--block 7` the monitor is ready in time, but runs late.
Guide: 10.2 Monitor the Event Loop
Also: all-tasks, monitoring, watchdog, loop-lag
Correction: The guide's monitor is to "check for long-running tasks", but it measures nothing. This one says how long it
    has known each task. What hurts a loop is a step that blocks it, which makes the monitor late: try `--block 7`.
Correction: `all_tasks()` holds no finished task, so the guide's `task.done()` is never true; and it has no order.
Ideal: max(length, block)
Example: asyncdemo monitor --clock virtual
Example: asyncdemo monitor --block 7 --clock virtual
Example: asyncdemo monitor --scale 0.1
"""

import asyncio
import time
from weakref import WeakKeyDictionary


async def monitor_loop(interval: float) -> None:
    first_seen: WeakKeyDictionary[asyncio.Task[object], float] = WeakKeyDictionary()
    due = time.perf_counter()
    while True:
        now = time.perf_counter()
        tasks = sorted(asyncio.all_tasks(), key=asyncio.Task.get_name)
        print(f"Current task count: {len(tasks)}")
        print(f"  Late by this time: {now - due:.2f} seconds")
        for task in tasks:
            age = now - first_seen.setdefault(task, now)
            print(f"  Incomplete task: {task.get_name()}, known for this time: {age:.2f} seconds")
        due = now + interval
        await asyncio.sleep(interval)


async def job(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def blocker(block: float) -> None:
    time.sleep(block)


async def main(
    jobs: int = 3,  # how many jobs there are; one ends between any two reports, at least 0, at most 1k
    interval: float = 5,  # seconds between two reports, at least 0.001
    length: float = 20,  # seconds that the program runs, at least 0
    block: float = 0,  # seconds that one more job blocks the loop, 0 for no such job, at least 0
) -> None:
    if main_task := asyncio.current_task():
        main_task.set_name("main")
    tasks = [asyncio.create_task(monitor_loop(interval), name="monitor")]
    tasks += [asyncio.create_task(job(interval * (n + 0.5)), name=f"job {n}") for n in range(jobs)]
    if block:
        tasks.append(asyncio.create_task(blocker(block), name="blocker"))
    await asyncio.sleep(length)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
