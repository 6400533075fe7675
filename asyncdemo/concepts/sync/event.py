"""Tasks wait until another task says: now.

`wait()` sleeps until `set()`, which wakes all that wait, in the order in which they came. The event stays set: whoever
comes later does not wait at all, until `clear()` unsets it.

Watch: All waiters wait for the event and go on in the same moment; with `--late 2` two more come and do not wait.
Guide: 3.4 Asynchronous Event
Also: wait-event, set-event, flag, signal-tasks
Correction: The guide's key points promise thread safety from locks, semaphores and events. None has it: a thread has to
    call `loop.call_soon_threadsafe(event.set)`. See `asyncdemo thread-safety --direct --primitive event`.
Example: asyncdemo event --clock virtual
Example: asyncdemo event --clock virtual --waiters 5 --late 2
Ideal: delay
"""

import asyncio


async def waiter(event: asyncio.Event, name: str) -> None:
    print(f"{name} waiting for event...")
    await event.wait()
    print(f"{name} received event, starting execution")


async def setter(event: asyncio.Event, delay: float) -> None:
    await asyncio.sleep(delay)
    print("Triggering event")
    event.set()


async def run_waiters(event: asyncio.Event, numbers: range) -> None:
    names = [f"Task {number}" for number in numbers]
    await asyncio.gather(*(asyncio.create_task(waiter(event, name), name=name) for name in names))


async def main(
    waiters: int = 3,  # how many tasks wait for the event, at least 1, at most 1M
    late: int = 0,  # how many more come after it was set, at least 0, at most 1M
    delay: float = 2,  # seconds until it is set, at least 0
) -> None:
    event = asyncio.Event()
    trigger = asyncio.create_task(setter(event, delay), name="setter")
    await run_waiters(event, range(1, waiters + 1))
    await trigger
    await run_waiters(event, range(waiters + 1, waiters + late + 1))


if __name__ == "__main__":
    asyncio.run(main())
