"""A task runs by itself, from the next await of whoever made it.

`create_task` only puts the coroutine on the loop's list. The current task goes on until it awaits something; then the
loop starts the new ones. A task that is cancelled before that never runs a line of its body. With the eager task
factory of Python 3.12 a task runs to its own first await while it is made, and cannot be cancelled before that.

Watch: Both lanes start at 0 and sleep while the main task does other things, after which it waits for them.
Guide: 2.2 Creating Tasks
Also: create-task, ensure-future, eager, eager-task-factory, weak-reference
Correction: The guide says that `create_task` starts a coroutine immediately. It starts at the next await of the current
    task, as the guide's own output shows; cancelled before that, never: `--cancel`. Only `--eager` is immediate.
Correction: The guide does not say that the loop keeps only weak references to tasks. Keep your own: a task that waits
    for something that nobody else knows may be collected as garbage, half done. `--forget` shows it.
Ideal: max(0 if cancel else first, second, meanwhile)
Example: asyncdemo tasks --cancel --clock virtual
Example: asyncdemo tasks --eager --cancel --clock virtual
Example: asyncdemo tasks --forget --clock virtual
"""

import asyncio
import gc
import sys
import weakref


async def process_data(name: str, delay: float) -> str:
    print(f"{name} starting processing")
    await asyncio.sleep(delay)
    print(f"{name} processing complete")
    return f"{name}_result"


async def wait_in_vain(name: str) -> None:
    print(f"{name} waiting for an event that nobody else knows")
    await asyncio.Event().wait()


async def main(
    first: float = 2,  # seconds that Task 1 takes, at least 0
    second: float = 1,  # seconds that Task 2 takes, at least 0
    meanwhile: float = 0.5,  # seconds that the main task does other things, at least 0
    eager: bool = False,  # start each task while it is being made; needs Python 3.12
    cancel: bool = False,  # cancel Task 1 as soon as it is made
    forget: bool = False,  # make a Task 3 as well, and keep no reference to it
) -> None:
    if eager and sys.version_info >= (3, 12):
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    elif eager:
        print("Eager tasks need Python 3.12, so these start as always")

    task1 = asyncio.create_task(process_data("Task 1", first), name="Task 1")
    if cancel:
        task1.cancel()
    task2 = asyncio.create_task(process_data("Task 2", second), name="Task 2")
    task3 = weakref.ref(asyncio.create_task(wait_in_vain("Task 3"), name="Task 3")) if forget else None
    print("Tasks created, doing other things...")
    await asyncio.sleep(meanwhile)

    if task3:
        gc.collect()
        print("Task 3 is still there" if task3() else "Task 3 was collected as garbage")
    await asyncio.wait([task1, task2])
    results = ["cancelled" if task.cancelled() else task.result() for task in (task1, task2)]
    print(f"Results: {', '.join(results)}")


if __name__ == "__main__":
    asyncio.run(main())
