"""Events out of a trace, or out of the successive snapshots of a recording that goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from asyncdemo.events.model import Event, Item, Kind
from asyncdemo.events.order import in_order
from asyncdemo.events.telling import tell
from asyncdemo.trace import NONE, Outcome, Trace, Wait

_PATIENCE_NS = 1_000_000_000
_SLACK_NS = 10_000_000


def events(trace: Trace) -> Iterator[Event]:
    """The events of a finished trace in time order."""
    return Events().finish(trace)


class Events:
    """Turns the snapshots of one recording into events in time order."""

    def __init__(self) -> None:
        """Begin before the first snapshot."""
        self._waiting: list[Item] = []
        self._tasks_seen = self._holds_seen = self._lines_seen = self._stalls_seen = self._steps_seen = 0
        self._cancels_seen = 0
        self._asked: dict[int, list[Item]] = {}
        self._steps_of: Counter[int] = Counter()
        self._open_tasks: dict[int, None] = {}
        self._open_holds: dict[int, None] = {}
        self._step_end: dict[int, int] = {}
        self._loop_end: dict[int, int] = {}
        self._instants: dict[int, dict[int, list[int]]] = {}

    def feed(self, trace: Trace) -> list[Event]:
        """What is certain by now, given a snapshot whose steps are those since the snapshot before.

        An event comes out of order only when it belongs to a step that kept the loop for longer than a second.
        """
        self._take(trace, final=False)
        return list(self._up_to(self._horizon(trace), trace))

    def finish(self, trace: Trace) -> Iterator[Event]:
        """All that is left, given the finished trace with all its steps."""
        self._take(trace, final=True)
        return self._up_to(None, trace)

    def _take(self, trace: Trace, *, final: bool) -> None:
        self._ask(trace)
        for items in (
            self._created(trace),
            self._stepped(trace, final=final),
            self._unanswered(final=final),
            self._held(trace, final=final),
            self._printed(trace),
            self._stalled(trace),
            self._ended(trace),
        ):
            self._waiting.extend(items)

    def _created(self, trace: Trace) -> Iterator[Item]:
        first, self._tasks_seen = self._tasks_seen, len(trace.tasks)
        for row in range(first, self._tasks_seen):
            self._open_tasks[row] = None
            yield Item(trace.tasks.created_ns[row], Kind.CREATED, row, row, trace.tasks.parent[row])

    def _ask(self, trace: Trace) -> None:
        """Who was asked to end: whether there is anything to tell shows in the task's next step."""
        cancels = trace.cancels
        first, self._cancels_seen = self._cancels_seen, len(cancels)
        for row in range(first, self._cancels_seen):
            task, by, unseen = cancels.task[row], cancels.by[row], cancels.site[row] == NONE
            item = Item(cancels.t_ns[row], Kind.CANCEL_REQUESTED, row, task, by, after=unseen)
            self._asked.setdefault(task, []).append(item)

    def _answered(self, trace: Trace, task: int, start: int, end: int) -> Iterator[Item]:
        """The requests that this step answers, unless it does what they asked for."""
        asked = self._asked.pop(task)
        obeys = trace.tasks.outcome[task] == Outcome.CANCELLED and trace.tasks.ended_ns[task] == end
        later = [item for item in asked if item.t_ns > start]
        if later:
            self._asked[task] = later
        if not obeys:
            yield from asked[: len(asked) - len(later)]

    def _unanswered(self, *, final: bool) -> Iterator[Item]:
        if final:
            for asked in self._asked.values():
                yield from asked
            self._asked.clear()

    def _stepped(self, trace: Trace, *, final: bool) -> Iterator[Item]:
        virtual = trace.meta.get("clock") == "virtual"
        steps, told = trace.steps, self._steps_of.copy() if final else Counter[int]()
        for ready, start, end, task, wait in zip(
            steps.ready_ns, steps.start_ns, steps.end_ns, steps.task, steps.wait, strict=True
        ):
            if told[task]:
                told[task] -= 1
                continue
            self._steps_of[task] += 1
            number, self._steps_seen = self._steps_seen, self._steps_seen + 1
            if start == end or virtual:
                for instant in {start, end}:
                    self._instants.setdefault(instant, {}).setdefault(task, []).append(number)
            if task in self._asked:
                yield from self._answered(trace, task, start, end)
            if task not in self._step_end:
                yield Item(start, Kind.STARTED, task, task, task, number)
            elif wait != NONE and trace.waits.kind[wait] not in {Wait.BRIEF, Wait.YIELD}:
                yield Item(start, Kind.WAITED, task, task, task, number, (self._step_end[task], ready, wait))
            self._step_end[task] = end
            self._loop_end[trace.tasks.loop[task]] = end

    def _held(self, trace: Trace, *, final: bool) -> Iterator[Item]:
        holds = trace.holds
        first, self._holds_seen = self._holds_seen, len(holds)
        for row in range(first, self._holds_seen):
            self._open_holds[row] = None
            yield Item(holds.from_ns[row], Kind.ACQUIRED, row, holds.task[row], holds.task[row])
        for row in [row for row in self._open_holds if _released(trace, row, final=final)]:
            del self._open_holds[row]
            yield Item(holds.to_ns[row], Kind.RELEASED, row, holds.task[row], holds.task[row])

    def _printed(self, trace: Trace) -> Iterator[Item]:
        first, self._lines_seen = self._lines_seen, len(trace.lines)
        for row in range(first, self._lines_seen):
            task = trace.lines.task[row]
            step = trace.lines.steps[row] if len(trace.loops) == 1 else NONE
            yield Item(trace.lines.t_ns[row], Kind.PRINTED, row, task, task, step)

    def _stalled(self, trace: Trace) -> Iterator[Item]:
        first, self._stalls_seen = self._stalls_seen, len(trace.stalls)
        for row in range(first, self._stalls_seen):
            task = trace.stalls.task[row]
            yield Item(trace.stalls.end_ns[row], Kind.STALLED, row, task, task)

    def _ended(self, trace: Trace) -> Iterator[Item]:
        for row in [row for row in self._open_tasks if trace.tasks.outcome[row] != Outcome.PENDING]:
            del self._open_tasks[row]
            yield Item(trace.tasks.ended_ns[row], Kind.ENDED, row, row, row)

    def _horizon(self, trace: Trace) -> int:
        """Until when everything is known: in a loop where a task runs or is about to, until the last step's end."""
        busy = {trace.tasks.loop[task] for task in self._open_tasks if trace.tasks.waiting[task] == NONE}
        known = min((self._loop_end.get(loop, 0) for loop in busy), default=trace.duration_ns)
        known = min([known, *(asked[0].t_ns - 1 for asked in self._asked.values())])
        return max(min(known, trace.duration_ns - _SLACK_NS), trace.duration_ns - _PATIENCE_NS)

    def _up_to(self, horizon_ns: int | None, trace: Trace) -> Iterator[Event]:
        self._waiting.sort(key=attrgetter("t_ns"))
        ripe = [item for item in self._waiting if horizon_ns is None or item.t_ns <= horizon_ns]
        del self._waiting[: len(ripe)]
        for t_ns, instant in groupby(ripe, attrgetter("t_ns")):
            for item in in_order(list(instant), self._instants.pop(t_ns, {})):
                yield tell(trace, item)


def _released(trace: Trace, hold: int, *, final: bool) -> bool:
    """Whether a hold is over. At the very end it is when its task saw the end too: the last release ends many a run."""
    holds, tasks = trace.holds, trace.tasks
    end, task = holds.to_ns[hold], holds.task[hold]
    if end < trace.duration_ns:
        return end >= holds.from_ns[hold]
    return final and task >= 0 and tasks.outcome[task] != Outcome.PENDING and tasks.ended_ns[task] >= end
