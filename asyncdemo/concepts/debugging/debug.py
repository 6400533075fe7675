"""Debug mode reports slow steps, and where coroutines were made.

In debug mode the loop logs every step longer than `slow_callback_duration`, and a "never awaited" names the line. Both
go to stderr, but are printed here. It costs time: use it while you develop, by `asyncio.run(..., debug=True)`.

Watch: The step that blocks the loop is the one reported. The patient task takes as long, but waits, and is not.
Guide: 10.1 Enable asyncio Debug Mode
Also: debug-mode, slow-callback, asyncio-debug, pythonasynciodebug
Correction: The guide sets PYTHONASYNCIODEBUG inside the program. It counts only when set before the loop is made.
Correction: The guide's filter is for ResourceWarning; "never awaited" is a RuntimeWarning and needs none. Set after
    `asyncio.run`, as in the guide, any filter comes too late.
Ideal: block
Example: asyncdemo debug --clock virtual
Example: asyncdemo debug --threshold 1 --clock virtual
"""

import asyncio
import logging
import os
import re
import time
import warnings


async def patient(block: float) -> None:
    await asyncio.sleep(block)


async def impatient(block: float) -> None:
    time.sleep(block)


def print_slow_step(record: logging.LogRecord) -> bool:
    if step := re.search(r"coro=<(patient|impatient)\(.* took ([\d.]+) seconds", record.getMessage()):
        print(f"Slow step of {step[1]}, time: {float(step[2]):.2f} seconds")
    return False


def set_variable() -> None:
    os.environ["PYTHONASYNCIODEBUG"] = "1"
    this, later = asyncio.get_running_loop(), asyncio.new_event_loop()
    print(f"PYTHONASYNCIODEBUG=1: debug mode here {this.get_debug()}, in a new loop {later.get_debug()}")
    later.close()
    del os.environ["PYTHONASYNCIODEBUG"]


def forget_to_await() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()  # no filter at all
        coroutine = patient(1)
        del coroutine
    what, *_, line = str(caught[0].message).splitlines()
    print(f"{caught[0].category.__name__}: {what}\n  made by: {line.strip()}")


async def main(
    block: float = 0.5,  # seconds that each task takes, at least 0
    threshold: float = 0.1,  # seconds from which on a step is slow, at least 0
) -> None:
    set_variable()
    asyncio.get_running_loop().set_debug(True)
    asyncio.get_running_loop().slow_callback_duration = threshold
    logging.getLogger("asyncio").addFilter(print_slow_step)
    await asyncio.gather(patient(block), impatient(block))
    logging.getLogger("asyncio").removeFilter(print_slow_step)
    forget_to_await()


if __name__ == "__main__":
    asyncio.run(main())
