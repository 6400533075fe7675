"""Five tasks add one to a counter: a lock lets them do so in turn.

Each reads the counter, awaits, and writes what it read plus one. While it awaits, others run: without a lock they read
the old value, and updates get lost. A task that does not await between read and write is not interrupted there.

Watch: One task holds the lock at a time, in the order in which they asked; with `--no-lock` all sleep at once.
Guide: 3.1 Asynchronous Lock (Lock)
Also: mutex, race-condition, race, lost-update, critical-section, reentrant
Correction: The guide writes "Without lock" over code that has one. Without it (`--no-lock`) five increments give 1, as
    each task awaits between read and write; where none does (`--no-lock --no-await`) they give 5.
Correction: The guide does not say that a `Lock` is not reentrant: a task that asks for a lock that it holds waits for
    itself, for ever. `--reenter` shows it, and gives up after `hold`.
Example: asyncdemo lock --clock virtual --no-lock
Example: asyncdemo lock --clock virtual --no-lock --no-await
Ideal: (0 if no_await else hold if no_lock else tasks * hold) + (hold if reenter else 0)
"""

import asyncio


class Counter:
    def __init__(self) -> None:
        self.value = 0
        self.lock = asyncio.Lock()

    async def increment(self, name: str, hold: float | None) -> None:
        async with self.lock:
            print(f"{name} acquired lock")
            await self.add_one(hold)
            print(f"{name} released lock, current value: {self.value}")

    async def increment_unlocked(self, name: str, hold: float | None) -> None:
        await self.add_one(hold)
        print(f"{name} done without lock, current value: {self.value}")

    async def add_one(self, hold: float | None) -> None:
        value = self.value
        if hold is not None:
            await asyncio.sleep(hold)
        self.value = value + 1


async def ask_twice(lock: asyncio.Lock, hold: float) -> None:
    async with lock:
        try:
            async with asyncio.timeout(hold):
                await lock.acquire()
        except TimeoutError:
            print("A task that held the lock asked for it again, in vain")


async def main(
    tasks: int = 5,  # how many tasks add one, at least 1, at most 1M
    hold: float = 0.1,  # seconds between read and write, at least 0
    no_lock: bool = False,  # do without the lock
    no_await: bool = False,  # do not await between read and write
    reenter: bool = False,  # at the end, let a task ask for the lock that it holds
) -> None:
    counter = Counter()
    increment = counter.increment_unlocked if no_lock else counter.increment
    async with asyncio.TaskGroup() as group:
        for name in [f"Task {number}" for number in range(tasks)]:
            group.create_task(increment(name, None if no_await else hold), name=name)
    print(f"Final value: {counter.value}")
    if reenter:
        await asyncio.create_task(ask_twice(counter.lock, hold), name="ask twice")


if __name__ == "__main__":
    asyncio.run(main())
