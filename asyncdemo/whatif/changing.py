"""Puts a change into a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from asyncdemo.quantities import format_duration
from asyncdemo.trace import NONE, Trace
from asyncdemo.whatif.batches import Batches, batches, regrouped
from asyncdemo.whatif.change import Change, Length, Number
from asyncdemo.whatif.crews import Crew, NotCutError, crews, staffed
from asyncdemo.whatif.places import Places
from asyncdemo.whatif.program import Acquire, Collect, Job, Op, Pause, Program, Release, Submit, Waiting
from asyncdemo.whatif.reading import read
from asyncdemo.whatif.totals import simulated_ns

MOST_TOLD = 4
NOUNS = {
    "limit": "semaphore",
    "workers": "pool of threads or processes and no tasks that share a queue",
    "maxsize": "queue that like tasks take from",
    "batch": "loop that makes tasks and awaits some at a time",
}


class UnknownError(Exception):
    """There is nothing, or not one thing, that a change could mean; the message says what there is."""


class _Slots(NamedTuple):
    """A semaphore, as a row of `Trace.resources`."""

    resource: int


class _Room(NamedTuple):
    """The room in a queue that a crew takes from."""

    crew: Crew


class _Threads(NamedTuple):
    """A pool of threads or processes, by its place in `Program.pools`."""

    place: int


class _Subject(NamedTuple):
    """Something whose number can be changed.

    Attributes:
        name: for people.
        place: `FILE:LINE`, or "".
        number: how many there are now.
        what: the thing itself.
    """

    name: str
    place: str
    number: int
    what: _Slots | _Room | _Threads | Crew | Batches


class Recorded:
    """A recorded program, and what it becomes with changes.

    Args:
        trace: the recording.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._places = Places(trace)
        self.program = read(trace, self._places)

    @cached_property
    def total_ns(self) -> int:
        """How long the program takes in simulation as it is, with as much after its last step as was recorded.

        Raises:
            StuckError: it does not come to its end.
        """
        return simulated_ns(self._trace, self.program)

    def changed(self, changes: Iterable[Change]) -> tuple[Program, Program]:
        """The program with these changes, and with every number left as it was, for the simulation to be checked.

        Raises:
            UnknownError: a change fits nothing.
        """
        numbers = [(change, self._subject(change)) for change in changes if isinstance(change, Number)]
        # A crew is cut from the recording itself, so what changes it comes first.
        numbers.sort(key=lambda each: (not isinstance(each[1].what, Crew), not isinstance(each[1].what, _Room)))
        if len({_crew(found) for _, found in numbers} - {None}) > 1:
            raise UnknownError("only one group of tasks, or one queue, can be changed at a time")
        after = before = self.program
        for change, found in numbers:
            after = self._with_number(after, found, change.number)
            if isinstance(found.what, Crew | _Room | Batches):
                before = self._with_number(before, found, found.number)
        for length in (change for change in changes if isinstance(change, Length)):
            after = self._with_length(after, length)
        self._refuse_servers(after)
        return after, before

    def _refuse_servers(self, after: Program) -> None:
        """Refuses a change of what tasks do whose doing reaches others over the network."""
        served = [task for task, life in enumerate(self.program.lives) if life.serves]
        touched = next((task for task in served if _is_touched(self.program, after, task)), None)
        if touched is not None:
            name, why = self._trace.task_name(touched), "what others do because of its answers is not followed"
            raise UnknownError(f"task {name!r} serves a connection: {why}")

    # Numbers

    def _subject(self, change: Number) -> _Subject:
        subjects = list(self._subjects(change.subject))
        if not subjects:
            raise UnknownError(f"the program has no {NOUNS[change.subject]}")
        named = [each for each in subjects if change.name in {"", each.name}]
        placed = [each for each in named if not change.place or _is_at(each.place, change.place)]
        if len(placed) == 1:
            return placed[0]
        told = [
            f"{each.name} ({change.subject}={each.number}{f', {each.place}' if each.place else ''})"
            for each in subjects
        ]
        more = f" and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
        listed = ", ".join(told[:MOST_TOLD]) + more
        if placed:
            raise UnknownError(
                f"which one? {listed}; write `{change.subject} of NAME=N` or `{change.subject} AT FILE:LINE=N`"
            )
        where = f"called {change.name}" if change.name else f"at {change.place}"
        raise UnknownError(f"nothing of that kind is {where}; there is {listed}")

    def _subjects(self, subject: str) -> Iterator[_Subject]:
        trace, program = self._trace, self.program
        if subject == "limit":
            resources = trace.resources
            used = set(trace.holds.resource)
            for row, (kind, limit) in enumerate(zip(resources.kind, resources.limit, strict=True)):
                if "Semaphore" in trace.text(kind) and row in used and limit > 0:
                    place = trace.site_text(resources.site[row])
                    yield _Subject(trace.text(resources.name[row]), place, limit, _Slots(row))
        elif subject == "workers":
            for number, pool in enumerate(program.pools):
                yield _Subject(pool.name, "", pool.size, _Threads(number))
            for crew in crews(trace, self._places):
                yield _Subject(crew.name, trace.site_text(crew.site), len(crew.members), crew)
        elif subject == "maxsize":
            for crew in crews(trace, self._places):
                row, resources = crew.queue, trace.resources
                place, room = trace.site_text(resources.site[row]), max(0, resources.limit[row])
                yield _Subject(trace.text(resources.name[row]), place, room, _Room(crew))
        else:
            for each in batches(program, trace):
                function = trace.text(trace.sites.function[each.site]).rpartition(".")[2]
                yield _Subject(function, trace.site_text(each.site), each.size, each)

    def _with_number(self, program: Program, found: _Subject, number: int) -> Program:
        if isinstance(found.what, Crew):
            return self._staffed(found.what, number)
        if isinstance(found.what, _Room):
            crew = found.what.crew
            changed = program.copy() if program.crews else self._staffed(crew, len(crew.members))
            changed.limits.pop(crew.queue, None)
            changed.limits |= {crew.queue: number} if number else {}
            return changed
        if isinstance(found.what, Batches):
            return regrouped(program, found.what, number, self._trace)
        changed = program.copy()
        if isinstance(found.what, _Slots):
            changed.limits[found.what.resource] = number
        else:
            changed.pools[found.what.place] = replace(changed.pools[found.what.place], size=number)
        return changed

    def _staffed(self, crew: Crew, number: int) -> Program:
        try:
            return staffed(crew, number, self._trace, self._places)
        except NotCutError as fault:
            raise UnknownError(str(fault)) from None

    # Lengths

    def _with_length(self, program: Program, change: Length) -> Program:
        trace, rows = self._trace, self._waits_at(change.place)
        sites = {row for row in range(len(trace.sites)) if _is_at(trace.site_text(row), change.place)}
        waiting = [op for op in program.waiting() if op.wait in rows]
        taken = any(isinstance(op, Acquire) and op.site in sites for life in program.lives for op in life.ops)
        if not waiting and not taken:
            raise UnknownError(f"nothing waited at {change.place}; the longest waits were at {self._longest()}")
        scaled = [op for op in waiting if isinstance(op, Pause | Collect)]
        if (change.ns is not None or change.factor) and not scaled:
            others = "other tasks decide how long the waits there take"
            raise UnknownError(f"{others}; `no wait AT {change.place}` can be simulated")
        changed, jobs = program.copy(), {job for op in scaled if isinstance(op, Collect) for job in op.jobs}
        for job in jobs:
            changed.jobs[job] = Job(program.jobs[job].pool, _length(program.jobs[job].ns, change))
        for task, life in enumerate(program.lives):
            changed.lives[task] = replace(life, ops=list(_waiting_so(life.ops, rows, sites, change)))
        for number, crew in enumerate(program.crews):
            items = tuple(tuple(_waiting_so(item, rows, sites, change)) for item in crew.items)
            changed.crews[number] = replace(crew, items=items)
        return changed

    def is_handed_on(self, change: Length) -> bool:
        """Whether others decide when the waits at a line are over."""
        rows = self._waits_at(change.place)
        return any(op.wait in rows and not isinstance(op, Pause) for op in self.program.waiting())

    def _waits_at(self, place: str) -> set[int]:
        """The rows of the waits at a line, and in what is called and awaited there."""
        return {row for row in range(len(self._trace.waits)) if self._is_wait_at(row, place)}

    def _is_wait_at(self, row: int, place: str) -> bool:
        waits, frames = self._trace.waits, self._trace.frames
        if _is_at(self._trace.site_text(waits.site[row]), place):
            return True
        frame = waits.frame[row]
        while frame != NONE:
            if _is_at(self._trace.site_text(frames.site[frame]), place):
                return True
            frame = frames.caller[frame]
        return False

    def _longest(self) -> str:
        """The lines at which tasks waited longest."""
        took: dict[str, int] = {}
        steps, sites = self._trace.steps, self._trace.waits.site
        for row, wait in enumerate(steps.wait):
            if wait != NONE and sites[wait] != NONE:
                place = self._trace.site_text(sites[wait])
                took[place] = took.get(place, 0) + steps.ready_ns[row] - self._places.since_ns[row]
        longest = sorted(took, key=took.__getitem__, reverse=True)[:MOST_TOLD]
        return ", ".join(f"{place} ({format_duration(took[place])})" for place in longest) or "no line that is known"


def _is_touched(before: Program, after: Program, task: int) -> bool:
    """Whether a task does something else, or the same with something that is changed."""
    if before.lives[task].ops != after.lives[task].ops:
        return True
    return any(
        before.limits.get(op.resource) != after.limits.get(op.resource)
        if isinstance(op, Acquire)
        else isinstance(op, Submit) and _runs_otherwise(before, after, op.job)
        for op in before.lives[task].ops
    )


def _runs_otherwise(before: Program, after: Program, job: int) -> bool:
    old, new = before.jobs[job], after.jobs[job]
    return old != new or before.pools[old.pool] != after.pools[new.pool]


def _crew(found: _Subject) -> Crew | None:
    """The crew that a change is about."""
    if isinstance(found.what, _Room):
        return found.what.crew
    return found.what if isinstance(found.what, Crew) else None


def _waiting_so(ops: Iterable[Op], rows: set[int], sites: set[int], change: Length) -> Iterator[Op]:
    """What a task does when the waits of these rows, and what it takes at these sites, are as the change says."""
    none, taken = change.ns is None and not change.factor, list[int]()
    for op in ops:
        if isinstance(op, Release) and op.resource in taken:
            taken.remove(op.resource)
        elif isinstance(op, Acquire) and none and (op.wait in rows or op.site in sites):
            taken.append(op.resource)
        elif not isinstance(op, Waiting) or op.wait not in rows or isinstance(op, Collect):
            yield op
        elif not none:
            yield replace(op, ns=_length(op.ns, change)) if isinstance(op, Pause) else op


def _length(ns: int, change: Length) -> int:
    return round(ns * change.factor) if change.ns is None else change.ns


def _is_at(place: str, given: str) -> bool:
    """Whether a place such as `app.py:12` is what was given, in whatever folder that was said to be."""
    return bool(place) and place == given.replace("\\", "/").rpartition("/")[2]
