"""Workers run until Ctrl+C or SIGTERM, then clean up.

The loop turns a signal into a callback, which sets an event. The main task wakes, cancels the workers and waits until
each has cleaned up. Off a terminal the program sends SIGTERM to itself, after `work + cleanup`. Needs Unix.

Watch: The main task waits for the event; the workers are cancelled, yet their lanes go on until they have cleaned up.
Guide: 7.4 Asynchronous Signal Handling
Also: graceful-shutdown, shutdown, sigint, sigterm, ctrl-c, add-signal-handler
Correction: In the guide a worker that crashed is never heard of again. Here it is reported at the end: try `--crash 2`.
Correction: In the guide a second Ctrl+C only repeats the message. Here it ends the program at once, cleanup included.
Correction: The guide does not say that only the main thread can handle signals: `--thread` shows the refusal.
Ideal: after + cleanup if after else None
Example: asyncdemo signals --crash 2 --after 1 --work 400ms --cleanup 200ms
Example: asyncdemo signals --thread --after 100ms --cleanup 10ms
"""

import asyncio
import signal
import sys


async def worker(name: str, work: float, cleanup: float, crashes: bool) -> None:
    try:
        while True:
            print(f"{name} working...")
            await asyncio.sleep(work)
            if crashes:
                raise RuntimeError(f"{name} met a bug")
    except asyncio.CancelledError:
        print(f"{name} received cancellation signal, cleaning up...")
        await asyncio.sleep(cleanup)
        print(f"{name} cleanup complete")
        raise


async def main(
    workers: int = 2,  # how many workers run, at least 1, at most 10k
    work: float = 2,  # seconds that each piece of their work takes, at least 0.001
    cleanup: float = 1,  # seconds that each one needs to clean up, at least 0
    crash: int = 0,  # which worker crashes after its first piece of work, 0 for none, at least 0, at most 10k
    after: float | None = None,  # seconds until it sends SIGTERM to itself, 0 for never, at least 0
    thread: bool = False,  # try to handle a signal in another thread as well, needs real threads
) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    names = [f"Worker {number}" for number in range(1, workers + 1)]
    tasks = [loop.create_task(worker(name, work, cleanup, name == f"Worker {crash}"), name=name) for name in names]

    def on_signal() -> None:
        print("\nReceived stop signal, starting graceful shutdown...")
        loop.remove_signal_handler(signal.SIGINT)  # the next Ctrl+C is an ordinary KeyboardInterrupt
        stop.set()

    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, on_signal)
    if thread:
        attempt = asyncio.to_thread(loop.add_signal_handler, signal.SIGINT, on_signal)
        print(f"In another thread: {await asyncio.gather(attempt, return_exceptions=True)}")
    if after or (after is None and not sys.stdout.isatty()):
        loop.call_later(after or work + cleanup, signal.raise_signal, signal.SIGTERM)
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    crashed = [f"{task.get_name()} had crashed: {task.exception()}" for task in tasks if not task.cancelled()]
    print(*crashed, "Application closed", sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
