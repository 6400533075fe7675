"""No queue, lock or event is thread-safe: a thread asks the loop.

A task waits for what a thread does. If the thread itself puts the item, it wakes nobody: the loop sleeps until its next
timer. `loop.call_soon_threadsafe` hands the call to the loop and wakes it.

Watch: The receiver wakes when the thread acts; with `--direct` it waits on, until another task's timer wakes the loop.
Guide: 3.5 Asynchronous Queue
Also: call-soon-threadsafe, thread-safe, from-thread
Correction: The guide calls the queue thread-safe, and its key points promise the same of locks, events and semaphores.
    None is: with `--direct` what a thread puts after 0.5 s is received after 3 s. Try `--direct --primitive event`.
Correction: In debug mode the thread gets a RuntimeError from `loop.call_soon`, by which they all wake tasks: `--debug`.
Example: asyncdemo thread-safety --scale 0.2 --direct
Example: asyncdemo thread-safety --scale 0.2 --debug
Ideal: after + silence
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal


async def receiver(wait: Callable[[], Awaitable[Any]]) -> None:
    start = time.perf_counter()
    await wait()
    print(f"Received after {time.perf_counter() - start:.2f} seconds")


def act(wake: Callable[[], None], after: float, loop: asyncio.AbstractEventLoop, direct: bool) -> None:
    time.sleep(after)
    print(f"Thread acts after {after:g} seconds\n", end="")  # in one piece: the loop's thread prints, too
    # In debug mode `wake` itself would raise half-way through, and nothing could wake the receiver any more.
    hand_over = loop.call_soon if direct else loop.call_soon_threadsafe
    try:
        wake() if direct and not loop.get_debug() else hand_over(wake)
    except RuntimeError as error:
        print(f"RuntimeError: {error}\n", end="")
        loop.call_soon_threadsafe(wake)


async def main(
    primitive: Literal["queue", "event", "lock", "semaphore"] = "queue",  # what the task and the thread share
    after: float = 0.5,  # seconds after which the thread acts, at least 0
    silence: float = 2.5,  # seconds after that in which nothing else wakes the loop, at least 0.1
    direct: bool = False,  # let the thread act by itself
    debug: bool = False,  # let it act by itself, and turn on debug mode
) -> None:
    loop = asyncio.get_running_loop()
    queue, event, lock, semaphore = asyncio.Queue[str](), asyncio.Event(), asyncio.Lock(), asyncio.Semaphore(0)
    if primitive == "lock":
        await lock.acquire()
    wait, wake = {
        "queue": (queue.get, lambda: queue.put_nowait("item")),
        "event": (event.wait, event.set),
        "lock": (lock.acquire, lock.release),
        "semaphore": (semaphore.acquire, semaphore.release),
    }[primitive]
    loop.set_debug(debug or loop.get_debug())
    task = asyncio.create_task(receiver(wait), name="receiver")
    thread = threading.Thread(target=act, args=(wake, after, loop, direct or debug))
    thread.start()
    await asyncio.sleep(after + silence)
    print(f"Another timer fires after {after + silence:g} seconds")
    thread.join()
    await task


if __name__ == "__main__":
    asyncio.run(main())
