"""Time the frames of the live view over a program of TASKS tasks, drawn between its steps so that nothing competes.

Usage: python -m tests.bench.frames TASKS

Prints the nanoseconds of each frame as JSON: from the snapshot to the written screen in CPU time and by the clock, and
of the snapshots alone.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
from io import StringIO
from time import perf_counter_ns, thread_time_ns
from typing import Any

from rich.console import Console

from asyncdemo import Trace
from asyncdemo.recorder import Recorder
from asyncdemo.views.live import LiveView

LASTS_S = 3
EVERY_S = 0.1


class Timed:
    """A recorder that notes how long its snapshots take."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.snapshot_ns: list[int] = []

    def snapshot(self, *args: Any) -> tuple[Trace, Any]:
        """The recorder's own snapshot."""
        start = perf_counter_ns()
        taken = self.recorder.snapshot(*args)
        self.snapshot_ns.append(perf_counter_ns() - start)
        return taken


async def hold(slots: asyncio.Semaphore, seconds: float) -> None:
    """Wait for a slot and keep it for a while."""
    async with slots:
        await asyncio.sleep(seconds)


async def draw(view: LiveView, cpu_ns: list[int]) -> None:
    """Draw ten frames a second, and note the CPU time of each."""
    while True:
        await asyncio.sleep(EVERY_S)
        start = thread_time_ns()
        view._draw()
        cpu_ns.append(thread_time_ns() - start)


async def main(tasks: int, view: LiveView, cpu_ns: list[int]) -> None:
    """Let tasks share slots, a tenth of them at a time, for three seconds altogether, and draw meanwhile."""
    limit = math.ceil(tasks / 10)
    slots = asyncio.Semaphore(limit)
    drawing = asyncio.create_task(draw(view, cpu_ns))
    await asyncio.gather(*(hold(slots, LASTS_S / math.ceil(tasks / limit)) for _ in range(tasks)))
    drawing.cancel()


if __name__ == "__main__":
    with Recorder() as recorder:
        timed = Timed(recorder)
        console = Console(file=StringIO(), force_terminal=True, color_system="256", width=100, height=50)
        live_view = LiveView(timed, "frames", console)
        spent_ns: list[int] = []
        asyncio.run(main(int(sys.argv[1]), live_view, spent_ns))
    print(json.dumps({"cpu": spent_ns, "frame": live_view.frame_ns, "snapshot": timed.snapshot_ns}))
