"""Who was where: slots of a semaphore, holders of a lock, jobs on their threads and processes, and how many at once."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import compress
from operator import eq, itemgetter
from typing import NamedTuple

from asyncdemo.timeline.states import State, intervals_by_task
from asyncdemo.trace import NONE, Trace


class Span(NamedTuple):
    """Somebody was there: `who` is a row of `Trace.tasks`, or of `Trace.jobs` on a worker."""

    start_ns: int
    end_ns: int
    who: int


class Seats:
    """Hands out seats numbered from zero: whoever comes gets the lowest one that is free.

    Spans must come ordered by their start. As many seats are used as were ever taken at once.
    """

    def __init__(self) -> None:
        self._free: list[int] = []
        self._taken: list[tuple[int, int]] = []
        self.count = 0

    def take(self, start_ns: int, end_ns: int) -> int:
        """The seat for a span; a seat left at `start_ns` is free again."""
        while self._taken and self._taken[0][0] <= start_ns:
            heappush(self._free, heappop(self._taken)[1])
        if self._free:
            seat = heappop(self._free)
        else:
            seat = self.count
            self.count += 1
        heappush(self._taken, (end_ns, seat))
        return seat


@dataclass(frozen=True, slots=True)
class Occupancy:
    """A resource over time.

    Attributes:
        resource: row of `Trace.resources`.
        limit: how many may hold it at once, or `NONE`.
        slots: for each numbered slot who held it when, in order and never two at once.
        waits: who waited for it when, in order of the start.
        peak_held: how many held it at most at once.
        peak_waiting: how many waited for it at most at once.
    """

    resource: int
    limit: int
    slots: tuple[tuple[Span, ...], ...]
    waits: tuple[Span, ...]
    peak_held: int
    peak_waiting: int


@dataclass(frozen=True, slots=True)
class Worker:
    """A thread or process: `jobs` are spans over rows of `Trace.jobs`, ordered by their start."""

    worker: int
    name: str
    jobs: tuple[Span, ...]


def seated(spans: Iterable[Span]) -> tuple[tuple[Span, ...], ...]:
    """The spans in as few rows as possible, none overlapping another in its row."""
    seats, rows = Seats(), list[list[Span]]()
    for span in sorted(spans, key=itemgetter(0)):
        seat = seats.take(span.start_ns, span.end_ns)
        if seat == len(rows):
            rows.append([])
        rows[seat].append(span)
    return tuple(map(tuple, rows))


def changes(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """How many spans (start, end) are under way, as (time, count) from each change on; leaving goes before coming."""
    moves = sorted((time, move) for start, end in spans if end > start for time, move in ((start, 1), (end, -1)))
    count = 0
    for row, (time, move) in enumerate(moves):
        count += move
        if row + 1 == len(moves) or moves[row + 1][0] != time:
            yield time, count


def peak(spans: Iterable[tuple[int, int]]) -> int:
    """How many of the spans (start, end) are under way at once at most."""
    starts, ends = array("q"), array("q")
    for start, end in spans:
        if end > start:
            starts.append(start)
            ends.append(end)
    # Arrays, for there may be millions of spans.
    starts, ends = array("q", sorted(starts)), array("q", sorted(ends))
    most = gone = 0
    for come, start in enumerate(starts, 1):
        while ends[gone] <= start:
            gone += 1
        most = max(most, come - gone)
    return most


def waits_for(trace: Trace) -> dict[int, list[Span]]:
    """For each resource that was waited for, who waited when, in order of the start."""
    found: dict[int, list[Span]] = {}
    for task, life in enumerate(intervals_by_task(trace)):
        for start, end, state, wait in life:
            if state == State.WAIT and trace.waits.resource[wait] != NONE:
                found.setdefault(trace.waits.resource[wait], []).append(Span(start, end, task))
    return {resource: sorted(spans) for resource, spans in found.items()}


def resources_used(trace: Trace) -> list[int]:
    """Rows of `trace.resources` that were held or waited for, in order."""
    waited = {trace.waits.resource[wait] for wait in set(trace.steps.wait) | set(trace.tasks.waiting) if wait != NONE}
    return sorted((waited | set(trace.holds.resource)) - {NONE})


def occupancy(trace: Trace, resource: int, waits: Iterable[Span] | None = None) -> Occupancy:
    """Who held and who waited for `resource`; `waits` from `waits_for(trace)` saves looking again for each resource."""
    holds = trace.holds
    rows = zip(holds.from_ns, holds.to_ns, holds.task, holds.resource, strict=True)
    slots = seated(Span(start, end, task) for start, end, task, held in rows if held == resource)
    waiting = tuple(waits_for(trace).get(resource, ()) if waits is None else waits)
    most = peak((span.start_ns, span.end_ns) for span in waiting)
    return Occupancy(resource, trace.resources.limit[resource], slots, waiting, len(slots), most)


def levels(trace: Trace, most: int | None = None) -> dict[int, tuple[array[int], array[int]]]:
    """For each queue, by its row in `trace.resources`, the times of the changes of its length and the new lengths.

    Of more than `most` changes of all queues together every second, or third and so on, is looked at.
    """
    found: dict[int, tuple[array[int], array[int]]] = {}
    every = slice(None, None, -(-len(trace.levels) // most) or 1 if most else 1)
    columns = (column[every] for column in (trace.levels.resource, trace.levels.t_ns, trace.levels.level))
    for resource, t_ns, level in zip(*columns, strict=True):
        times, lengths = found.setdefault(resource, (array("q"), array("q")))
        times.append(t_ns)
        lengths.append(level)
    return found


def peak_lengths(trace: Trace) -> dict[int, int]:
    """The greatest length of each queue whose length ever changed."""
    return {resource: max(lengths) for resource, (_, lengths) in levels(trace).items()}


def most_tasks(trace: Trace, left_out: Collection[int] = ()) -> int:
    """Most tasks in existence at once, of all but those `left_out`.

    In virtual time a task can begin and end at one instant: then the order of the steps says who was there with whom. A
    task exists from the last step of its parent before its own first one on.
    """
    tasks, counted = trace.tasks, bytearray(b"\1") * len(trace.tasks)
    for task in left_out:
        counted[task] = False
    most = peak(compress(zip(tasks.created_ns, tasks.ended_ns, strict=True), counted))
    if not any(map(eq, tasks.created_ns, tasks.ended_ns)):
        return most
    first, last = array("q", [NONE]) * len(tasks), array("q", [NONE]) * len(tasks)
    for row, task in enumerate(trace.steps.task):
        if first[task] == NONE:
            parent = tasks.parent[task]
            born = last[parent] if parent != NONE else NONE
            first[task] = row if born == NONE else born
        last[task] = row
    return max(most, peak(compress(zip(first, map((1).__add__, last), strict=True), counted)))


def workers(trace: Trace) -> list[Worker]:
    """The threads and processes that ran jobs, with their jobs."""
    rows: list[list[Span]] = [[] for _ in range(len(trace.workers))]
    jobs = trace.jobs
    for job, worker in enumerate(jobs.worker):
        if worker != NONE:
            rows[worker].append(Span(jobs.started_ns[job], jobs.ended_ns[job], job))
    return [Worker(row, trace.text(trace.workers.name[row]), tuple(sorted(spans))) for row, spans in enumerate(rows)]
