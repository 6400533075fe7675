"""What holds a loop up: steps and callbacks that run long, and the garbage collector.

A thread of the recorder's looks at a loop that has been busy for a while and notes the program's line that it is on. In
virtual time only `time.sleep` takes any time, and tells of it.
The garbage collector says itself when it begins and ends.
"""

from __future__ import annotations

import gc
import sys
from bisect import bisect_left
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from asyncdemo.record.clock import VirtualClock, nanoseconds
from asyncdemo.record.sites import Callers
from asyncdemo.record.tables import columns
from asyncdemo.ticker import Ticker
from asyncdemo.trace import NONE, Pauses, Stalls

if TYPE_CHECKING:
    from asyncdemo.record.recorder import Recorder

SAMPLE_S = 0.02


class StallBook:
    """Stalls and the collector's pauses.

    Attributes:
        gc_runs: how many times the garbage collector ran.
        gc_ns: how long it took, all runs together.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._rows: list[tuple[int, int, int, int, int, int]] = []
        self._pauses: list[tuple[int, int, int, int]] = []
        self._callers = Callers(recorder.sites)
        self._seen: dict[int, tuple[float, Counter[int]]] = {}
        """By loop: since when it is busy, and how much of that time, in parts of any size, is each line's."""
        self._ticker = Ticker(SAMPLE_S, self._sample, first_after_s=SAMPLE_S)
        self._gc_began_ns = 0
        self.gc_runs = 0
        self.gc_ns = 0

    def start(self) -> None:
        """Begins to look."""
        gc.callbacks.append(self._collecting)
        clock = self._recorder.clock
        if isinstance(clock, VirtualClock):
            clock.on_sleep = self._recorder.guarded(self._slept)
        else:
            self._ticker.start()

    def stop(self) -> None:
        """Looks no longer."""
        self._ticker.stop()
        if isinstance(self._recorder.clock, VirtualClock):
            self._recorder.clock.on_sleep = None
        if self._collecting in gc.callbacks:
            gc.callbacks.remove(self._collecting)

    def add(self, loop: int, start: float, end: float, task: int) -> None:
        """Notes that a step of `task`, or a callback, held the loop from `start` to `end`, in seconds."""
        since, lines = self._seen.pop(loop, (start, Counter[int]()))
        start_ns, end_ns = nanoseconds(start), nanoseconds(end)
        site = lines.most_common(1)[0][0] if lines and since == start else NONE
        gc_ns = sum(over - begun for begun, over, *_ in self._pauses if begun >= start_ns and over <= end_ns)
        self._rows.append((loop, start_ns, end_ns, task, site, gc_ns))

    def forget(self, before_ns: int) -> None:
        """Lets go of the stalls and pauses that were over before this time."""
        del self._rows[: bisect_left(self._rows, before_ns, key=itemgetter(2))]
        del self._pauses[: bisect_left(self._pauses, before_ns, key=itemgetter(1))]

    def _sample(self) -> None:
        """Looks at each loop that has been busy since before the last look."""
        recorder = self._recorder
        for loop in list(recorder.loops):
            since = loop.busy_since
            if loop.busy and loop.time() - since > SAMPLE_S:
                loop.noticed = True
                site = self._site_of(loop.ident)
                if loop.busy_since == since:
                    self._saw(loop.number, since, site, 1)

    def _slept(self, slept_ns: int) -> None:
        """Notes that the program's line which is running has held its loop up."""
        loop = self._recorder.running()
        if loop is not None and loop.busy:
            self._saw(loop.number, loop.busy_since, self._callers.site(), slept_ns)

    def _saw(self, loop: int, since: float, site: int, part: int) -> None:
        known = self._seen.get(loop)
        if known is None or known[0] != since:
            known = self._seen[loop] = since, Counter[int]()
        if site >= 0:
            known[1][site] += part

    def _site_of(self, thread: int) -> int:
        return self._recorder.sites.own_line(sys._current_frames().get(thread))

    def _collecting(self, phase: str, info: dict[str, Any]) -> None:
        now = self._recorder.now()
        if phase == "start":
            self._gc_began_ns = now
            return
        took = now - self._gc_began_ns
        self.gc_runs += 1
        self.gc_ns += took
        if took > self._recorder.pause_ns:
            loop = self._recorder.running()
            task = loop.task if loop is not None else NONE
            self._pauses.append((self._gc_began_ns, now, info["generation"], task))

    def tables(self, origin_ns: int) -> tuple[Stalls, Pauses]:
        """The stalls and pauses so far, with times from `origin_ns`."""
        stalls = [
            (loop, start - origin_ns, end - origin_ns, task, site, gc_ns)
            for loop, start, end, task, site, gc_ns in list(self._rows)
        ]
        pauses = [
            (start - origin_ns, end - origin_ns, generation, task)
            for start, end, generation, task in list(self._pauses)
        ]
        return Stalls(*columns("iqqiiq", stalls)), Pauses(*columns("qqbi", pauses))
