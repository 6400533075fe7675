"""Where the time of a run went: back from the end of its main task along who woke whom.

What a task waited for while another one was at work, which then woke it, is that one's time. So every moment of the
main task's life is put down to one cause: a step that ran, a step that was ready but not run, or a wait that no task
ended.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import NamedTuple

from asyncdemo.trace import NONE, Outcome, Trace, Wait

RAN, LATE, OUTSIDE = "ran", "ready, not run", "outside the main task"


class Cause(NamedTuple):
    """Whose time it was, by the qualified name of the coroutine, and what it did: `RAN`, `LATE` or what it awaited."""

    coro: str
    what: str


def decided(trace: Trace) -> dict[Cause, int]:
    """Where the time went on the chain that decided how long the run took, in ns, the greatest share first.

    Computed, not measured: the shares add up to the duration. Of main tasks that follow each other, as those of several
    `asyncio.run`, each has its stretch. What belongs to none, or to steps that were not kept, is `OUTSIDE`.
    """
    walk = _Walk(trace)
    main, at = _main_task(trace, trace.duration_ns), trace.duration_ns
    while main != NONE:
        at = walk.back_from(main, at)
        main = _main_task(trace, at) if at > 0 else NONE
    rest = trace.duration_ns - sum(walk.spent.values())
    if rest > 0:
        walk.spent[Cause("", OUTSIDE)] += rest
    return dict(sorted(walk.spent.items(), key=lambda share: -share[1]))


def wait_name(trace: Trace, wait: int) -> str:
    """What is waited for, by a row of `trace.waits`: the name for people, without that of the task that is awaited."""
    kind = Wait(trace.waits.kind[wait])
    if kind == Wait.TASK:
        return "tasks"
    if kind == Wait.BRIEF:
        return "brief waits"
    return trace.text(trace.waits.on[wait]) or kind.name.lower()


def _main_task(trace: Trace, before_ns: int) -> int:
    """The task that the run was over with by `before_ns`: of those that no task made, the one that ended last."""
    tasks = trace.tasks
    if trace.meta.get("adopted") and len(tasks):
        return 0 if before_ns == trace.duration_ns else NONE
    mains = (
        task
        for task, parent in enumerate(tasks.parent)
        if parent == NONE and tasks.ended_ns[task] <= before_ns and tasks.created_ns[task] < before_ns
    )
    return max(mains, key=lambda task: tasks.ended_ns[task], default=NONE)


class _Walk:
    """A walk back through the steps: each one is visited at most once, so it ends."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.spent: defaultdict[Cause, int] = defaultdict(int)
        self._rows: defaultdict[int, list[int]] = defaultdict(list)
        for row, task in enumerate(trace.steps.task):
            self._rows[task].append(row)

    def back_from(self, task: int, at: int) -> int:
        """Puts the time until the end of `task`, at most until `at`, down to its causes; returns how far that leads."""
        tasks, before = self._trace.tasks, len(self._trace.steps)
        at = min(tasks.ended_ns[task], at)
        while task >= 0:
            place = bisect_left(self._rows[task], before) - 1
            if place < 0:
                born = min(at, max(0, tasks.created_ns[task]))
                self._add(task, LATE, born, at)
                return born
            before = self._rows[task][place]
            at = self._before_step(before, task, at)
            task, at = self._what_woke(before, task, place, at)
        return at

    def _before_step(self, row: int, task: int, at: int) -> int:
        """Puts down what came between a step's readiness and `at`; returns when it became ready."""
        steps = self._trace.steps
        end = min(steps.end_ns[row], at)
        self._add(task, self._pending(task), end, at)
        self._add(task, RAN, min(steps.start_ns[row], end), end)
        start = min(steps.start_ns[row], end)
        ready = min(steps.ready_ns[row], start)
        self._add(task, LATE, ready, start)
        return max(ready, 0)

    def _what_woke(self, row: int, task: int, place: int, at: int) -> tuple[int, int]:
        """Who is to be asked next for the time until `at`: the waker, the maker, or the task itself; or `NONE`."""
        steps, tasks = self._trace.steps, self._trace.tasks
        waker, wait = steps.waker[row], steps.wait[row]
        if not place:
            return tasks.parent[task], min(at, max(0, tasks.created_ns[task]))
        if waker >= 0 and waker != task and self._has_step_before(waker, row):
            return waker, at
        since = steps.end_ns[self._rows[task][place - 1]]
        self._add(task, wait_name(self._trace, wait) if wait != NONE else LATE, since, at)
        return task, min(at, since)

    def _has_step_before(self, task: int, row: int) -> bool:
        rows = self._rows.get(task)
        return bool(rows) and rows is not None and rows[0] < row

    def _pending(self, task: int) -> str:
        """What a task does after its last step: it waits, or it is woken in the middle of the waker's step."""
        wait = self._trace.tasks.waiting[task]
        if self._trace.tasks.outcome[task] == Outcome.PENDING and wait != NONE:
            return wait_name(self._trace, wait)
        return RAN

    def _add(self, task: int, what: str, start: int, end: int) -> None:
        if end > start:
            self.spent[Cause(self._trace.text(self._trace.tasks.coro[task]), what)] += end - start
