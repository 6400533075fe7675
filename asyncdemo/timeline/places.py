"""Places: who held which slot of each resource, and which job was on which worker, over the columns of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from asyncdemo.timeline.cells import Labels
from asyncdemo.timeline.occupancy import peak
from asyncdemo.timeline.seating import Seating
from asyncdemo.trace import NONE, Outcome, Trace

MOST_SLOTS = 64
"""Slots of a resource with a higher limit are not told apart."""


class Places:
    """The slots and the workers of a run, filled from a whole trace or from snapshots.

    Args:
        columns: cells in a row, at least 1.
        cell_ns: time that a cell stands for at first.
        exact: whether a whole trace comes at once, in which what has ended is known to have.

    Attributes:
        seats: the slots of each resource that was held, by its row in `Trace.resources`.
        jobs: a row for each worker, with the rows of `Trace.jobs` as labels.
        most_held: most holds at once, of all resources together; not counted when exact.
    """

    def __init__(self, columns: int, cell_ns: int, *, exact: bool) -> None:
        self.seats: dict[int, Seating] = {}
        self.jobs = Labels(columns, cell_ns)
        self.most_held = 0
        self._exact = exact
        self._open_holds: list[int] = []
        self._open_jobs: list[tuple[int, int]] = []
        self._seen_holds = self._seen_jobs = 0

    def parts(self) -> Iterator[Labels]:
        """Everything that has columns."""
        yield self.jobs
        for seating in self.seats.values():
            yield seating.labels

    def update(self, trace: Trace, most_holds: int) -> bool:
        """Take in a snapshot, of its new holds the last `most_holds`; whether that were all of them."""
        first = max(self._seen_holds, len(trace.holds) - most_holds)
        all_taken = first == self._seen_holds
        self._seen_holds = len(trace.holds)
        self._take_holds(trace, range(first, self._seen_holds))
        self._take_jobs(trace)
        return all_taken

    def _take_holds(self, trace: Trace, new: range) -> None:
        for seating in self.seats.values():
            seating.go_on(trace)
        ends, rows = trace.holds.to_ns, (*self._open_holds, *new)
        if new:  # by themselves, those that go on are no more than they were
            self._take_new_holds(trace, rows, new)
        self._open_holds = [row for row in rows if ends[row] >= trace.duration_ns]

    def _take_new_holds(self, trace: Trace, rows: Sequence[int], new: range) -> None:
        holds = trace.holds
        if not self._exact:
            self.most_held = max(self.most_held, peak((holds.from_ns[row], holds.to_ns[row]) for row in rows))
        self._make_room(trace, rows)
        for row in new:
            if holds.resource[row] in self.seats:
                self.seats[holds.resource[row]].sit(trace, row)

    def _make_room(self, trace: Trace, rows: Iterable[int]) -> None:
        """Slots for all that held a resource at once: more than its limit where it was released once too often."""
        holds, limits, spans = trace.holds, trace.resources.limit, dict[int, list[tuple[int, int]]]()
        for row in rows:
            if limits[holds.resource[row]] <= MOST_SLOTS:
                spans.setdefault(holds.resource[row], []).append((holds.from_ns[row], holds.to_ns[row]))
        for resource, held in spans.items():
            if resource not in self.seats:
                most = MOST_SLOTS if limits[resource] < 1 or self._exact else limits[resource]
                self.seats[resource] = Seating(self.jobs.columns, self.jobs.cell_ns, most)
            self.seats[resource].make_room(peak(held))

    def _take_jobs(self, trace: Trace) -> None:
        jobs, still = trace.jobs, list[tuple[int, int]]()
        new = ((row, NONE) for row in range(self._seen_jobs, len(jobs)))
        for row, painted in (*self._open_jobs, *new):
            end = jobs.ended_ns[row]
            if jobs.worker[row] != NONE:
                self.jobs.add(jobs.worker[row], row, max(painted, jobs.started_ns[row]), end)
            if jobs.outcome[row] == Outcome.PENDING:
                still.append((row, end if jobs.worker[row] != NONE else NONE))
        self._open_jobs, self._seen_jobs = still, len(jobs)
