"""A thousand tasks, of which a semaphore lets ten work at once.

What the tasks use (a server, a database, a disk) may stand only so many users. Here all tasks are made at the
beginning, and all but ten of them wait for a slot: a semaphore limits how many work, not how many exist. Where even the
waiting tasks would be too many, let a few workers take their jobs from a queue.

Watch: All lanes begin at once. Work goes through them like a wave, `limit` tasks wide, and fewer and fewer wait.
Guide: 8.2 Use Semaphores to Control Concurrency
Also: controlled-concurrency, concurrency-limit, max-concurrency
Ideal: ceil(tasks / limit) * hold
Example: asyncdemo throttle --tasks 40 --limit 10 --hold 0.2
Example: asyncdemo throttle --limit 100 --clock virtual
Example: asyncdemo throttle --tasks 5k --limit 500 --clock virtual
"""

import asyncio
import time


class Workload:
    def __init__(self, limit: int, hold: float) -> None:
        self.semaphore = asyncio.Semaphore(limit)
        self.hold = hold
        self.working = 0
        self.peak = 0

    async def limited_task(self) -> None:
        async with self.semaphore:
            self.working += 1
            self.peak = max(self.peak, self.working)
            await asyncio.sleep(self.hold)
            self.working -= 1


async def main(
    tasks: int = 1000,  # how many tasks there are, at least 1, at most 100k
    limit: int = 10,  # how many may work at once, at least 1
    hold: float = 0.01,  # seconds that each one works, at least 0
) -> None:
    workload = Workload(limit, hold)
    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(tasks):
            group.create_task(workload.limited_task(), name=f"Task {number}")
        print(f"Created {tasks} tasks")
    print(f"Never more than {workload.peak} worked at once")
    print(f"Total time: {time.perf_counter() - start:.2f} seconds")


if __name__ == "__main__":
    asyncio.run(main())
