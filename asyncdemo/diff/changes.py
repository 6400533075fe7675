"""Two recordings side by side, and which of their differences are worth a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from asyncdemo.diff.chain import LATE, RAN, Cause
from asyncdemo.diff.profile import Profile, Work, profile
from asyncdemo.trace import Outcome, Trace

LEAST_NS = 1_000_000
LEAST_SHARE = 0.1
LEAST_OF_WALL = 0.02
LATE_NS = 10_000_000
LATE_SHARE = 0.5
LEAST_COUNT = 10
WORDS = {
    Outcome.RAISED: "failed",
    Outcome.CANCELLED: "cancelled",
    Outcome.DESTROYED: "destroyed",
    Outcome.PENDING: "never ended",
}

Unit = Literal["ns", "late ns", "count", "rough count", "stalls"]
"""Durations, those of which the machine decides, numbers that are the same in every run, and those that are not."""


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of both recordings.

    Attributes:
        what: what it is.
        before: in the first recording.
        after: in the second.
        unit: what kind of figure it is.
        notable: whether it differs by more than two runs of the same thing may.
    """

    what: str
    before: int
    after: int
    unit: Unit
    notable: bool

    @property
    def is_time(self) -> bool:
        """Whether it is in nanoseconds."""
        return self.unit in {"ns", "late ns"}


@dataclass(frozen=True, slots=True)
class Changed:
    """The figures of one coroutine; `before` or `after` is how many tasks it had."""

    coro: str
    before: int
    after: int
    changes: tuple[Change, ...]

    @property
    def notable(self) -> bool:
        """Whether any of it is."""
        return any(change.notable for change in self.changes)


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed between two recordings.

    Attributes:
        before: the first one summed up.
        after: the second one.
        exact: whether both are in virtual time, where any difference is one.
        notes: why the two may not be comparable, a sentence each; and what they were run with otherwise.
        whole: figures of the whole runs.
        decided: where the time went on the chain that decided the total, the greatest share first; computed.
        coroutines: those of both, those with the greatest changes of time first.
    """

    before: Profile
    after: Profile
    exact: bool
    notes: tuple[str, ...]
    whole: tuple[Change, ...]
    decided: tuple[Change, ...]
    coroutines: tuple[Changed, ...]

    @property
    def notable(self) -> bool:
        """Whether anything is."""
        rows: tuple[Change | Changed, ...] = (*self.whole, *self.decided, *self.coroutines)
        return any(row.notable for row in rows)


def compared(before: Trace, after: Trace) -> Diff:
    """Sets two recordings side by side.

    A time is notable when it differs by at least 1 ms, 10 % of the greater one and 2 % of the longer run; how late
    ready tasks ran, which the machine decides, by 10 ms for each task and 50 %. A number of steps or of tasks at once
    is when it differs by 10 and 10 %, one of stalls by 10 %, any other when it differs. In virtual time everything is
    that differs.
    """
    exact = before.meta.get("clock") == after.meta.get("clock") == "virtual"
    old, new = profile(before), profile(after)
    judge = _Judge(exact, max(before.duration_ns, after.duration_ns))
    coroutines = sorted(_coroutines(old, new, judge), key=_weight, reverse=True)
    return Diff(
        old,
        new,
        exact,
        tuple(_notes(before, after, old, new)),
        tuple(judge.change(*figure) for figure in _whole(old, new)),
        tuple(sorted(_decided(old.decided, new.decided, judge), key=_share, reverse=True)),
        tuple(coroutines),
    )


@dataclass(frozen=True, slots=True)
class _Judge:
    """Tells what two runs of the same thing may differ by."""

    exact: bool
    wall_ns: int

    def change(self, what: str, before: int, after: int, unit: Unit = "ns", tasks: int = 1) -> Change:
        """A figure of both; of how late tasks were it is the sum over so many `tasks`."""
        size = abs(after - before)
        return Change(what, before, after, unit, size > 0 and size >= self._least(max(before, after), unit, tasks))

    def _least(self, greater: int, unit: Unit, tasks: int) -> float:
        """By how much a figure has to differ."""
        if self.exact or unit == "count":
            return 0
        if unit == "ns":
            return max(LEAST_NS, LEAST_SHARE * greater, LEAST_OF_WALL * self.wall_ns)
        if unit == "late ns":
            return max(LATE_NS * tasks, LATE_SHARE * greater, LEAST_OF_WALL * self.wall_ns)
        return max(LEAST_SHARE * greater, LEAST_COUNT if unit == "rough count" else 0)


def _whole(old: Profile, new: Profile) -> Iterator[tuple[str, int, int, Unit]]:
    yield "wall", old.wall_ns, new.wall_ns, "ns"
    yield "tasks", sum(old.outcomes.values()), sum(new.outcomes.values()), "count"
    yield from _outcomes(old.outcomes, new.outcomes)
    yield "most tasks at once", old.peak_tasks, new.peak_tasks, "rough count"
    yield "steps", old.steps, new.steps, "rough count"
    yield "loop late p50", old.late_p50_ns, new.late_p50_ns, "late ns"
    yield "loop late p99", old.late_p99_ns, new.late_p99_ns, "late ns"
    yield "stalls", len(old.stalls_ns), len(new.stalls_ns), "stalls"
    yield "blocked", sum(old.stalls_ns), sum(new.stalls_ns), "ns"
    yield "longest stall", max(old.stalls_ns, default=0), max(new.stalls_ns, default=0), "ns"
    yield "garbage collector", old.pauses_ns, new.pauses_ns, "ns"
    for name in dict.fromkeys((*old.peak_waiting, *new.peak_waiting)):
        waiting = old.peak_waiting.get(name, 0), new.peak_waiting.get(name, 0)
        yield f"most waiting for {name}", *waiting, "rough count"


def _decided(old: Mapping[Cause, int], new: Mapping[Cause, int], judge: _Judge) -> Iterator[Change]:
    for cause in dict.fromkeys((*old, *new)):
        name = f"{cause.coro}: {cause.what}" if cause.coro else cause.what
        unit: Unit = "late ns" if cause.what == LATE else "ns"
        yield judge.change(name, old.get(cause, 0), new.get(cause, 0), unit)


def _coroutines(old: Profile, new: Profile, judge: _Judge) -> Iterator[Changed]:
    nothing = Work()
    for coro in dict.fromkeys((*old.coroutines, *new.coroutines)):
        a, b = old.coroutines.get(coro, nothing), new.coroutines.get(coro, nothing)
        tasks = max(a.tasks, b.tasks)
        yield Changed(coro, a.tasks, b.tasks, tuple(judge.change(*figure, tasks) for figure in _work(a, b)))


def _work(a: Work, b: Work) -> Iterator[tuple[str, int, int, Unit]]:
    yield "tasks", a.tasks, b.tasks, "count"
    yield from _outcomes(a.outcomes, b.outcomes)
    for error in dict.fromkeys((*a.errors, *b.errors)):
        yield error, a.errors[error], b.errors[error], "count"
    yield "steps", a.steps, b.steps, "rough count"
    yield RAN, a.run_ns, b.run_ns, "ns"
    yield LATE, a.late_ns, b.late_ns, "late ns"
    for on in dict.fromkeys((*a.waits, *b.waits)):
        yield f"waited for {on}", a.waits[on], b.waits[on], "ns"


def _outcomes(a: Mapping[Outcome, int], b: Mapping[Outcome, int]) -> Iterator[tuple[str, int, int, Unit]]:
    """How many did not return, by how they ended."""
    for outcome, word in WORDS.items():
        if a.get(outcome) or b.get(outcome):
            yield word, a.get(outcome, 0), b.get(outcome, 0), "count"


def _size(change: Change) -> int:
    return abs(change.after - change.before)


def _share(change: Change) -> int:
    return max(change.before, change.after)


def _weight(changed: Changed) -> tuple[bool, int]:
    times = (_size(change) for change in changed.changes if change.is_time)
    return changed.notable, max(times, default=0)


def _notes(before: Trace, after: Trace, old: Profile, new: Profile) -> Iterator[str]:
    """What differs in what was run and how."""
    first, second = before.meta, after.meta
    commands = first.get("command"), second.get("command")
    if commands[0] != commands[1]:
        yield f"not the same program: {commands[0] or 'a recording'}, then {commands[1] or 'a recording'}"
    elif old.coroutines and new.coroutines and not old.coroutines.keys() & new.coroutines.keys():
        yield "not the same program: they have no coroutine in common"
    if first.get("clock") != second.get("clock"):
        yield f"{first.get('clock')} time, then {second.get('clock')} time: their durations are not of one kind"
    loops = [", ".join(sorted({trace.text(kind) for kind in trace.loops.kind})) or "none" for trace in (before, after)]
    if loops[0] != loops[1] and first.get("clock") == second.get("clock"):
        yield f"on different loops: {loops[0]}, then {loops[1]}"
    for name, what in (("python", "Python "), ("platform", "platform "), ("cpus", "CPUs: "), ("observer", "observer ")):
        if first.get(name) != second.get(name):
            yield f"{what}{first.get(name)}, then {second.get(name)}"
    if commands[0] == commands[1]:
        yield from _options(first.get("params"), second.get("params"))
    for trace, which in ((before, "first"), (after, "second")):
        if lost := ", ".join(f"{number:,} {subject}" for subject, number in trace.lost.items() if number):
            yield f"the {which} one has not kept {lost}"


def _options(before: object, after: object) -> Iterator[str]:
    a, b = (each if isinstance(each, Mapping) else {} for each in (before, after))
    for name in dict.fromkeys((*a, *b)):
        if a.get(name) != b.get(name):
            yield f"{name} {a.get(name)}, then {b.get(name)}"
