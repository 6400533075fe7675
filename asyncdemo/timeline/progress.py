"""Progress: how many tasks there were and how many had ended by when, kept in fixed memory while a run goes on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from asyncdemo.trace import Ends, Outcome, Trace

EndedBy = Callable[[int, int, int], int]
SAMPLES = 2
"""At so many moments of each stretch between two looks, within a column, it is counted how many tasks there were."""


class Progress:
    """How many tasks there were in each column on average, and how many ended.

    What ended between two looks is spread evenly between them, unless it is told when it did.

    Args:
        cell_ns: how much time a column stands for, at least 1.
    """

    def __init__(self, cell_ns: int) -> None:
        self.cell_ns = cell_ns
        self.peak = 0
        """Most tasks in existence at any look."""
        self._passed: list[tuple[float, float]] = []
        """Of each column that is over: tasks in existence on average, and how many had ended at its end."""
        self._area_ns = 0.0
        """The time that tasks have been there in the column that goes on, all together."""
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

    def _ends(self, trace: Trace, ended: int) -> EndedBy | None:
        """How many tasks had ended by when, since the last look; nothing when that is not known of all of them."""
        outcome, before, new = trace.tasks.outcome, self._ended, list[int]()
        self._alive.extend(range(self._begun, len(trace.tasks)))
        if ended != before:
            new = sorted(trace.tasks.ended_ns[task] for task in self._alive if outcome[task])
            self._alive = [task for task in self._alive if not outcome[task]]
        if len(new) != ended - before:
            return None
        return lambda t_ns, least, most: before + bisect_right(new, t_ns, least - before, most - before)

    def look(
        self,
        now_ns: int,
        created_ns: Sequence[int],
        ended: int,
        cell_ns: int,
        ended_by: EndedBy | None = None,
    ) -> None:
        """Take in how far the run has come.

        Args:
            now_ns: the time of this look, not before that of the last one.
            created_ns: when each task was created, in order.
            ended: how many tasks have ended by now.
            cell_ns: how much time a column stands for now: `cell_ns`, or that doubled any number of times.
            ended_by: tells how many had ended by any moment since the last look, where that is known, when it is given
                two numbers between which that is.
        """
        self.stretch(cell_ns)
        since_ns, before, begun = self._now_ns, self._ended, self._begun

        def over(t_ns: int, least: float, most: float) -> float:
            if ended_by is None:
                return before + (ended - before) * (t_ns - since_ns) / (now_ns - since_ns)
            return ended_by(t_ns, int(least), int(most))

        start_ns, gone = since_ns, float(before)
        while start_ns < now_ns:
            edge_ns = (len(self._passed) + 1) * cell_ns
            stop_ns = min(edge_ns, now_ns)
            begun_then, gone_then = bisect_right(created_ns, stop_ns, begun), over(stop_ns, gone, ended)
            there = begun - gone
            if (begun_then, gone_then) != (begun, gone):
                moments = [start_ns + (stop_ns - start_ns) * each // (2 * SAMPLES) for each in range(1, 2 * SAMPLES, 2)]
                there = sum(
                    bisect_right(created_ns, moment, begun, begun_then) - over(moment, gone, gone_then)
                    for moment in moments
                )
                there /= SAMPLES
            self._area_ns += there * (stop_ns - start_ns)
            if stop_ns == edge_ns:
                self._passed.append((self._area_ns / cell_ns, gone_then))
                self._area_ns = 0.0
            start_ns, begun, gone = stop_ns, begun_then, gone_then
        self._now_ns, self._begun, self._ended = now_ns, len(created_ns), ended
        self.peak = max(self.peak, self._begun - ended)

    def stretch(self, cell_ns: int) -> None:
        """Let a column stand for more time."""
        while self.cell_ns < cell_ns:
            if len(self._passed) % 2:
                self._area_ns += self._passed.pop()[0] * self.cell_ns
            pairs = zip(self._passed[::2], self._passed[1::2], strict=True)
            self._passed = [((first + second) / 2, ended) for (first, _), (second, ended) in pairs]
            self.cell_ns *= 2

    def in_flight(self) -> list[float]:
        """How many tasks there were in each column on average, in the last one until the last look."""
        going_on_ns = self._now_ns - len(self._passed) * self.cell_ns
        last = [self._area_ns / going_on_ns] if going_on_ns > 0 else []
        return [*(there for there, _ in self._passed), *last]

    def done(self) -> list[float]:
        """How many tasks ended in each column."""
        counts = [ended for _, ended in self._passed]
        if len(self._passed) * self.cell_ns < self._now_ns:
            counts.append(self._ended)
        return [after - before for before, after in zip([0, *counts], counts, strict=False)]


def how_many(outcomes: Sequence[int], outcome: int) -> int:
    """How many tasks have an outcome; a column that has counted them already is not read."""
    return bytes(outcomes).count(outcome) if isinstance(outcomes, memoryview) else outcomes.count(outcome)
