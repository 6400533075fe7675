"""What holds a loop up: steps and callbacks that run long, and the garbage collector.

A thread of the recorder's looks at a loop that has been busy for a while and notes the program's line that it is on,
and how much of the time the loop's thread has computed. In virtual time only `time.sleep` takes any time, and tells of
it.
The garbage collector says itself when it begins and ends.
"""

from __future__ import annotations

import gc
import linecache
import sys
from _thread import get_ident
from bisect import bisect_left
from collections import Counter
from itertools import islice
from operator import itemgetter
from types import FrameType
from typing import TYPE_CHECKING, Any

from asyncdemo.compiled import hot
from asyncdemo.recorder.clock import VirtualClock, nanoseconds
from asyncdemo.recorder.tables import ALL, columns
from asyncdemo.ticker import Ticker
from asyncdemo.trace import NONE, Pauses, Stalls

if TYPE_CHECKING:
    from asyncdemo.recorder.loops import LoopRecorder
    from asyncdemo.recorder.recorder import Recorder

SAMPLE_S = 0.02


class _Seen:
    """What was seen of one step or callback that runs long.

    Attributes:
        since: when it began.
        lines: how much of the time, in parts of any size, is each line's.
        doing: string: the source of what each line does, or `NONE`.
        slept: whether `time.sleep` told of the time, in which nothing is computed.
    """

    __slots__ = ("doing", "first", "last", "lines", "since", "slept")

    def __init__(self, since: float) -> None:
        self.since = since
        self.lines = Counter[int]()
        self.doing: dict[int, int] = {}
        self.slept = False
        self.first: tuple[float, float] | None = None
        self.last: tuple[float, float] | None = None

    def most(self) -> tuple[int, int] | None:
        """The line with the largest part, and what it does."""
        if not self.lines:
            return None
        site = self.lines.most_common(1)[0][0]
        return site, self.doing[site]

    def looked(self, times: tuple[float, float] | None) -> None:
        """Notes what a look at the loop's thread has told: `ThreadTime.look`."""
        if times is not None:
            self.last = times
            self.first = self.first or self.last

    def computed(self) -> int:
        """Percent of the time between the first and the last look, or `NONE`."""
        if self.slept:
            return 0
        if self.first is None or self.last is None or self.first == self.last:
            return NONE
        (began, before), (ended, after) = self.first, self.last
        return max(0, min(100, round(100 * (after - before) / max(ended - began, after - before, 1e-9))))


class StallBook:
    """Stalls and the collector's pauses.

    Attributes:
        gc_runs: how many times the garbage collector ran.
        gc_ns: how long it took, all runs together.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._rows: list[tuple[int, ...]] = []
        self._pauses: list[tuple[int, int, int, int]] = []
        self._seen: dict[int, _Seen] = {}
        """By loop: what was seen of the step or callback that keeps it busy."""
        watched = {"rest": self._watch} if hot else {}
        self._ticker = Ticker(SAMPLE_S, self._sample, SAMPLE_S, **watched)
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

    def add(self, loop: LoopRecorder, start: float, end: float, task: int) -> None:
        """Notes that a step of `task`, or a callback, held the loop from `start` to `end`, in seconds."""
        seen = self._seen.pop(loop.number, None)
        if seen is None or seen.since != start:
            seen = _Seen(start)
        before = loop.thread_time.before(start)
        if before is not None and loop.ident == get_ident():
            # A call that never lets go of the interpreter keeps the watching thread from looking, too.
            seen.first = before
            seen.looked(loop.thread_time.meet(end, start))
        start_ns, end_ns = nanoseconds(start), nanoseconds(end)
        site, doing = seen.most() or (NONE, NONE)
        gc_ns = sum(over - begun for begun, over, *_ in self._pauses if begun >= start_ns and over <= end_ns)
        self._rows.append((loop.number, start_ns, end_ns, task, site, gc_ns, seen.computed(), doing))

    def meet(self, loop: LoopRecorder) -> None:
        """Notes that a loop does not run long now."""
        if not isinstance(self._recorder.clock, VirtualClock):
            loop.thread_time.meet(loop.time(), loop.busy_since)

    def _watch(self, bell: Any, _seconds: float) -> bool:
        """Rests until there is something to look at, or until the end, which it tells.

        What looks meanwhile, and meets the loops, does without the interpreter's lock: asking for that fifty times a
        second slows a program that waits for sockets by a twentieth.
        """
        ended: bool = hot.watch(bell, SAMPLE_S, self._recorder.loops)
        return ended

    def forget(self, before_ns: int) -> None:
        """Lets go of the stalls and pauses that were over before this time."""
        del self._rows[: bisect_left(self._rows, before_ns, key=itemgetter(2))]
        del self._pauses[: bisect_left(self._pauses, before_ns, key=itemgetter(1))]

    def _sample(self) -> None:
        """Looks at each loop that has been busy since before the last look."""
        recorder = self._recorder
        for loop in list(recorder.loops):
            since, now = loop.busy_since, loop.time()
            if not loop.busy or now - since <= SAMPLE_S:
                self.meet(loop)
            if loop.busy and loop.time() - since > SAMPLE_S:
                loop.noticed = True
                top = sys._current_frames().get(loop.ident)
                frame = recorder.sites.own_frame(top)
                times = loop.thread_time.look(loop.time())
                if loop.busy_since == since:
                    self._saw(loop.number, since, frame, 1).looked(times)

    def _slept(self, slept_ns: int) -> None:
        """Notes that the program's line which is running has held its loop up."""
        loop = self._recorder.running()
        if loop is not None and loop.busy:
            frame = self._recorder.sites.own_frame(sys._getframe())
            self._saw(loop.number, loop.busy_since, frame, slept_ns).slept = True

    def _saw(self, loop: int, since: float, frame: FrameType | None, part: int) -> _Seen:
        known = self._seen.get(loop)
        if known is None or known.since != since:
            known = self._seen[loop] = _Seen(since)
        if frame is not None:
            sites = self._recorder.sites
            site = sites.of_frame(frame)
            if site not in known.doing:
                known.doing[site] = self._recorder.strings.intern(_source(frame)) if _source(frame) else NONE
            known.lines[site] += part
        return known

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

    def table(self, origin_ns: int, rows: slice = ALL) -> Stalls:
        """The stalls so far, or these of them, with times from `origin_ns`."""
        found = [(loop, start - origin_ns, end - origin_ns, *rest) for loop, start, end, *rest in self._rows[rows]]
        return Stalls(*columns("iqqiiqii", found))

    def pauses(self, origin_ns: int, rows: slice = ALL) -> Pauses:
        """The pauses so far, or these of them, with times from `origin_ns`."""
        found = [(start - origin_ns, end - origin_ns, *rest) for start, end, *rest in self._pauses[rows]]
        return Pauses(*columns("qqbi", found))


def _source(frame: FrameType) -> str:
    """The call or the expression that a frame is at, as the source has it; "" when that is not one line."""
    positions = islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    line, end_line, begin, end = next(positions, (None, None, None, None))
    if line is None or line != end_line:
        return ""
    text = linecache.getline(frame.f_code.co_filename, line).encode()[begin:end].decode("utf-8", "replace")
    return text.strip()
