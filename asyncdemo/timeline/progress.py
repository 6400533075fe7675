"""Progress: how many tasks had begun and had ended by when, kept in fixed memory while a run goes on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from asyncdemo.trace import Ends, Outcome, Trace


class Progress:
    """Counts as of the end of each column that has passed.

    What ended between two looks is spread evenly between them, unless it is told when it did.

    Args:
        cell_ns: how much time a column stands for, at least 1.
    """

    def __init__(self, cell_ns: int) -> None:
        self.cell_ns = cell_ns
        self.peak = 0
        """Most tasks in existence at any look."""
        self._passed: list[tuple[int, float]] = []
        self._now_ns = self._begun = self._ended = 0
        self._alive: list[int] = []
        """Tasks that had not ended at the last look, as long as all looks were exact."""

    def look_at(self, trace: Trace, cell_ns: int, *, exact: bool) -> None:
        """Take in a snapshot, see `look`; when `exact` each task that lives is looked at, which takes its time."""
        tasks = trace.tasks
        ended, ended_by = len(tasks) - how_many(tasks.outcome, Outcome.PENDING), None
        if exact:
            ended_by = self._ends(trace, ended)
        elif isinstance(tasks.ended_ns, Ends):
            ended_by = tasks.ended_ns.ended_by
        self.look(trace.duration_ns, tasks.created_ns, ended, cell_ns, ended_by)

    def _ends(self, trace: Trace, ended: int) -> Callable[[int], int] | None:
        """How many tasks had ended by when, since the last look; nothing when that is not known of all of them."""
        outcome, before, new = trace.tasks.outcome, self._ended, list[int]()
        self._alive.extend(range(self._begun, len(trace.tasks)))
        if ended != before:
            new = sorted(trace.tasks.ended_ns[task] for task in self._alive if outcome[task])
            self._alive = [task for task in self._alive if not outcome[task]]
        return (lambda t_ns: before + bisect_right(new, t_ns)) if len(new) == ended - before else None

    def look(
        self,
        now_ns: int,
        created_ns: Sequence[int],
        ended: int,
        cell_ns: int,
        ended_by: Callable[[int], int] | None = None,
    ) -> None:
        """Take in how far the run has come.

        Args:
            now_ns: the time of this look, not before that of the last one.
            created_ns: when each task was created, in order.
            ended: how many tasks have ended by now.
            cell_ns: how much time a column stands for now: `cell_ns`, or that doubled any number of times.
            ended_by: tells how many had ended by any moment since the last look, where that is known.
        """
        self.stretch(cell_ns)
        looked_ns, before, begun = self._now_ns, self._ended, self._begun
        for number in range(len(self._passed) + 1, now_ns // cell_ns + 1):
            edge_ns = number * cell_ns
            begun = bisect_right(created_ns, edge_ns, begun)
            if ended_by is None:
                by_then = before + (ended - before) * (edge_ns - looked_ns) / (now_ns - looked_ns)
            else:
                by_then = min(max(before, ended_by(edge_ns)), ended)
            self._passed.append((begun, by_then))
        self._now_ns, self._begun, self._ended = now_ns, len(created_ns), ended
        self.peak = max(self.peak, self._begun - ended)

    def stretch(self, cell_ns: int) -> None:
        """Let a column stand for more time."""
        while self.cell_ns < cell_ns:
            self.cell_ns *= 2
            del self._passed[::2]

    def in_flight(self) -> list[float]:
        """How many tasks there were at the end of each column, in the last one as of the last look."""
        return [begun - ended for begun, ended in self._counts()]

    def done(self) -> list[float]:
        """How many tasks ended in each column."""
        counts = [ended for _, ended in self._counts()]
        return [after - before for before, after in zip([0, *counts], counts, strict=False)]

    def _counts(self) -> list[tuple[int, float]]:
        if len(self._passed) * self.cell_ns >= self._now_ns:
            return self._passed
        return [*self._passed, (self._begun, self._ended)]


def how_many(outcomes: Sequence[int], outcome: int) -> int:
    """How many tasks have an outcome; a column that has counted them already is not read."""
    return bytes(outcomes).count(outcome) if isinstance(outcomes, memoryview) else outcomes.count(outcome)
