"""The critical path: the chain of waits and steps that decided how long a run took.

It is walked backwards from the last thing that happened. A step began when the loop came to it, and was ready when
whatever its task waited for was over. Where another task ended that wait, the chain goes on in that task, at that
moment; a wait for one's turn (a lock, a slot) is a cause by itself. So the segments tile the run without a gap, and
shortening any other work would have changed nothing.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from asyncdemo.trace import NONE, Trace, Wait

HANDED_ON = frozenset(
    {Wait.TASK, Wait.EVENT, Wait.CONDITION, Wait.BARRIER, Wait.QUEUE_GET, Wait.QUEUE_PUT, Wait.QUEUE_JOIN}
    | {Wait.FUTURE, Wait.BRIEF, Wait.YIELD}
)
"""Waits that say nothing by themselves: what the task did that ended them decided."""
BUSY = "loop busy"
WORDS = {
    Wait.SLEEP: "sleep",
    Wait.NETWORK: "network",
    Wait.THREAD: "thread pool",
    Wait.PROCESS: "process pool",
    Wait.SUBPROCESS: "child process",
}
OUTSIDE = "outside the loop"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the critical path.

    Attributes:
        start_ns: when it began.
        end_ns: when it was over.
        task: whose step or wait it is, or `NONE` when no task existed.
        cause: what the time went into: `sleep`, `network`, `lock Lock 2`, `slot of Semaphore`, `thread pool`,
            `loop busy` and so on.
        wait: row of `Trace.waits`, or `NONE` where a step ran or the loop was busy.
    """

    start_ns: int
    end_ns: int
    task: int
    cause: str
    wait: int = NONE

    @property
    def took_ns(self) -> int:
        """How long it lasted."""
        return self.end_ns - self.start_ns


def critical_path(trace: Trace) -> list[Segment]:
    """The segments of the critical path in order; they tile the time from the start of the run to its last event."""
    segments = [each for each in _backwards(trace) if each.took_ns > 0]
    segments.reverse()
    same = groupby(segments, key=attrgetter("task", "cause", "wait"))
    groups = (list(group) for _, group in same)
    return [Segment(each[0].start_ns, each[-1].end_ns, each[0].task, each[0].cause, each[0].wait) for each in groups]


def by_cause(segments: list[Segment]) -> list[tuple[str, int]]:
    """How much of a path each cause took, the largest first."""
    total: dict[str, int] = {}
    for each in segments:
        total[each.cause] = total.get(each.cause, 0) + each.took_ns
    return sorted(total.items(), key=lambda item: -item[1])


class _Steps:
    """The steps of each task, to be found by time."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._rows = [array("i") for _ in range(len(trace.tasks))]
        for row, task in enumerate(trace.steps.task):
            self._rows[task].append(row)

    def last(self, task: int, t_ns: int, before: int) -> int:
        """The last step of a task that began by `t_ns` and is a row below `before`, or `NONE`."""
        rows, starts = self._rows[task], self._trace.steps.start_ns
        place = bisect_right(rows, t_ns, key=starts.__getitem__)
        while place and rows[place - 1] >= before:
            place -= 1
        return rows[place - 1] if place else NONE

    def previous(self, task: int, row: int) -> int:
        """The step of a task before this one, or `NONE`."""
        place = bisect_right(self._rows[task], row) - 1
        return self._rows[task][place - 1] if place > 0 else NONE


def _backwards(trace: Trace) -> Iterator[Segment]:
    """The segments from the last to the first."""
    steps, index = trace.steps, _Steps(trace)
    if not len(steps):
        return
    row = max(range(len(steps)), key=lambda each: (steps.end_ns[each], each))
    t_ns = steps.end_ns[row]
    while row != NONE:
        task = steps.task[row]
        yield Segment(steps.start_ns[row], t_ns, task, BUSY)
        t_ns = min(t_ns, steps.start_ns[row])
        ready = min(t_ns, max(steps.ready_ns[row], 0))
        yield Segment(ready, t_ns, task, BUSY)
        t_ns, previous = ready, index.previous(task, row)
        following = _who_ended(trace, index, row, t_ns)
        if following != NONE:
            row = following
            continue
        begun = steps.end_ns[previous] if previous != NONE else 0
        yield Segment(begun, t_ns, task if previous != NONE else NONE, _cause(trace, row), max(steps.wait[row], NONE))
        t_ns, row = min(t_ns, begun), previous
    yield Segment(0, t_ns, NONE, OUTSIDE)


def _who_ended(trace: Trace, index: _Steps, row: int, t_ns: int) -> int:
    """The step that decided when this one was ready, or `NONE` where its own wait did."""
    wait, waker = trace.steps.wait[row], trace.steps.waker[row]
    task = trace.steps.task[row]
    if waker < 0 or waker == task:
        return NONE
    if wait != NONE and Wait(trace.waits.kind[wait]) not in HANDED_ON:
        return NONE
    return index.last(waker, t_ns, row)


def _cause(trace: Trace, row: int) -> str:
    wait = trace.steps.wait[row]
    if wait == NONE:
        return OUTSIDE
    kind = Wait(trace.waits.kind[wait])
    if kind in (Wait.LOCK, Wait.SEMAPHORE):
        name = trace.text(trace.waits.on[wait])
        resource = trace.waits.resource[wait]
        return f"{'slot of' if kind == Wait.SEMAPHORE and resource >= 0 else 'lock'} {name}" if resource >= 0 else name
    if kind in (Wait.BRIEF, Wait.YIELD):
        return "brief waits"
    return WORDS.get(kind) or trace.text(trace.waits.on[wait]) or kind.name.lower()
