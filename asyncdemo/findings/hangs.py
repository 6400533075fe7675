"""Moments from which on nothing could happen, or nothing but a time-out: who waited for what, and who held it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from asyncdemo.findings.facts import Facts, moment, took
from asyncdemo.findings.model import Evidence
from asyncdemo.trace import NONE, Actor, Wait

ON_OTHERS = frozenset(
    {Wait.TASK, Wait.LOCK, Wait.SEMAPHORE, Wait.CONDITION, Wait.EVENT, Wait.BARRIER, Wait.FUTURE}
    | {Wait.QUEUE_GET, Wait.QUEUE_PUT, Wait.QUEUE_JOIN}
)
"""Waits that only another task, or somebody outside of the loop, can end."""
MOST_CUT = 5
"""Time-outs that are looked into, for each takes a pass over all steps."""
HELD = (Wait.LOCK, Wait.SEMAPHORE)


@dataclass(frozen=True)
class Hang:
    """One such moment.

    Attributes:
        facts: the recording.
        t_ns: when it was.
        waits: what each task waited for: row of `Trace.waits`, by task.
        unfinished: how many items of the queue that it joined had no `task_done()`, by task.
        cut_by: the task that a time-out freed from it, or `NONE` when nothing did.
    """

    facts: Facts
    t_ns: int
    waits: Mapping[int, int]
    unfinished: Mapping[int, int]
    cut_by: int = NONE

    def kind(self, task: int) -> Wait:
        """What kind of thing a task waited for."""
        return self.facts.kind(self.waits[task])

    def on(self, task: int) -> str:
        """What a task waited for, in words."""
        waits, wait = self.facts.trace.waits, self.waits[task]
        if waits.task[wait] >= 0:
            return self.facts.task(waits.task[wait])
        return self.facts.trace.text(waits.on[wait]) or "something"

    def site(self, task: int) -> int:
        """The line in which a task waited."""
        return self.facts.trace.waits.site[self.waits[task]]

    def resource(self, task: int) -> int:
        """What a task waited for, as a row of `Trace.resources`, or `NONE`."""
        return self.facts.trace.waits.resource[self.waits[task]]

    def since_ns(self, task: int) -> int:
        """Since when a task waited."""
        waits = self.facts.waits_of(task)
        return next((began for began, over, *_ in waits if began <= self.t_ns <= over), self.t_ns)

    @cached_property
    def holders(self) -> Mapping[int, list[int]]:
        """Who held each resource at that moment."""
        found: dict[int, list[int]] = {}
        holds = self.facts.trace.holds
        for resource, task, start, end in zip(holds.resource, holds.task, holds.from_ns, holds.to_ns, strict=True):
            # In virtual time what was given back because of the hang was given back at its very moment.
            if start <= self.t_ns <= end:
                found.setdefault(resource, []).append(task)
        return found

    def blockers(self, task: int) -> list[int]:
        """The tasks that would have had to act for a task to go on, as far as the trace knows them."""
        kind, awaited = self.kind(task), self.facts.trace.waits.task[self.waits[task]]
        if kind in HELD:
            return self.holders.get(self.resource(task), [])
        if kind != Wait.TASK:
            return []
        if awaited >= 0:
            return [awaited]
        parents = self.facts.trace.tasks.parent
        return [other for other in self.waits if parents[other] == task and self._alive(other)]

    def _alive(self, task: int) -> bool:
        return self.facts.trace.tasks.created_ns[task] <= self.t_ns

    @cached_property
    def circles(self) -> list[list[int]]:
        """The circles of tasks of which each waits for what the next one holds, or for its end."""
        found: list[list[int]] = []
        done: set[int] = set()
        for first in sorted(self.waits):
            path: list[int] = []
            task: int | None = first
            while task is not None and task in self.waits and task not in done and task not in path:
                path.append(task)
                task = next(iter(self.blockers(task)), None)
            if task in path:
                found.append(path[path.index(task) :])
            done.update(path)
        return found

    def proof(self, task: int) -> Evidence:
        """That a task waited, since when and for what."""
        text = f"{self.facts.task(task)} waits for {self.on(task)}"
        holders = [self.facts.trace.task_name(each) for each in self.holders.get(self.resource(task), [])]
        held = f", held by {', '.join(map(repr, holders[:3]))}" if holders and self.kind(task) in HELD else ""
        since = self.since_ns(task)
        return Evidence(f"{text}{held}, since {moment(since)}", task, NONE, since, self.t_ns)

    @property
    def ending(self) -> str:
        """How it ended, as the end of a sentence."""
        if self.cut_by == NONE:
            return ""
        return f"; only a time-out ended that, after {took(self.t_ns - self.since_ns(self.cut_by))}"


def hangs(facts: Facts) -> list[Hang]:
    """The moments of a recording from which on nothing, or nothing but a time-out, could happen."""
    if "hangs" not in facts.known:
        facts.known["hangs"] = [*_for_ever(facts), *_cut_short(facts)]
    found: list[Hang] = facts.known["hangs"]
    return found


def _for_ever(facts: Facts) -> Iterator[Hang]:
    table, moments = facts.trace.hangs, dict[int, list[int]]()
    for row, t_ns in enumerate(table.t_ns):
        moments.setdefault(t_ns, []).append(row)
    for t_ns, rows in moments.items():
        waits = {table.task[row]: table.wait[row] for row in rows}
        unfinished = {table.task[row]: table.unfinished[row] for row in rows if table.unfinished[row] >= 0}
        yield Hang(facts, t_ns, waits, unfinished)


def _cut_short(facts: Facts) -> Iterator[Hang]:
    """The moments at which a time-out ended what nothing else could have ended."""
    cancels, looked = facts.trace.cancels, 0
    for task, t_ns, by in zip(cancels.task, cancels.t_ns, cancels.by, strict=True):
        wait = _wait_at(facts, task, t_ns)
        if by == Actor.TIMER and wait >= 0 and facts.kind(wait) in {Wait.QUEUE_JOIN, Wait.LOCK} and looked < MOST_CUT:
            looked += 1
            waits = _waits_at(facts, t_ns)
            if waits is not None:
                yield Hang(facts, t_ns, waits, {}, task)


def _wait_at(facts: Facts, task: int, t_ns: int) -> int:
    return next((wait for began, over, wait, _ in facts.waits_of(task) if began <= t_ns <= over), NONE)


def _waits_at(facts: Facts, t_ns: int) -> dict[int, int] | None:
    """What each living task waited for at a moment; None when one of them could have acted."""
    tasks, waits = facts.trace.tasks, dict[int, int]()
    for task, (created, ended) in enumerate(zip(tasks.created_ns, tasks.ended_ns, strict=True)):
        if created <= t_ns <= ended:
            wait = _wait_at(facts, task, t_ns)
            if wait < 0 and t_ns == ended:  # in virtual time it had ended by then
                continue
            if wait < 0 or facts.kind(wait) not in ON_OTHERS:
                return None
            waits[task] = wait
    return waits
