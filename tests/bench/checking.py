"""What checking costs: CPU seconds for recordings of ten thousand, a hundred thousand and a million steps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import process_time

from asyncdemo.findings import check
from asyncdemo.recorder import Recorder
from asyncdemo.timeline import critical_path
from asyncdemo.trace import Trace
from tests.bench.figure import Figure

SIZES = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000}
MOST_S = 10.0
LINEAR = 13.0
"""Ten times the steps may take so many times as long."""
AT_ONCE = 1000
STEPS_EACH = 6


async def job(slots: asyncio.Semaphore, queue: asyncio.Queue[int]) -> None:
    """Switch a few times, wait for a slot, hold it, and pass something on."""
    for _ in range(3):
        await asyncio.sleep(0)
    async with slots:
        await asyncio.sleep(0.001)
    await queue.put(1)


async def main(steps: int) -> None:
    """Let so many jobs run that there are about this many steps."""
    slots, queue = asyncio.Semaphore(200), asyncio.Queue[int]()
    for _ in range(max(1, steps // (AT_ONCE * STEPS_EACH))):
        await asyncio.gather(*(job(slots, queue) for _ in range(AT_ONCE)))
        while not queue.empty():
            queue.get_nowait()


def recorded(steps: int) -> Trace:
    """A recording of about this many steps."""
    with Recorder(closely=True) as recorder:
        asyncio.run(main(steps))
    return recorder.stop()


def checking(_: int) -> Iterator[Figure]:
    """How long all rules and the critical path take, and whether that grows with the steps alone."""
    before = 0.0
    for name, steps in SIZES.items():
        trace = recorded(steps)
        began = process_time()
        report = check(trace)
        critical_path(trace)
        took = process_time() - began
        if report.skipped:
            raise RuntimeError(", ".join(report.skipped))
        note = f"{len(trace.steps):,} steps"
        yield Figure(f"check {name} steps", took, MOST_S if name == "1M" else None, "s", note)
        if before:
            yield Figure(f"check {name} steps, against a tenth", took / before, LINEAR)
        before = took
