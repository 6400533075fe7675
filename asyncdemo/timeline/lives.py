"""Lives: what any task did at any time, at the cost of what is asked for and not of the size of the recording."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, repeat
from typing import NamedTuple

from asyncdemo.timeline.cells import Mark
from asyncdemo.timeline.picture import LASTING
from asyncdemo.timeline.states import Holding, Interval, Piece, State, ending, tile, wait_states
from asyncdemo.timeline.stretch import SKIPPED, Columns, Stretch, Window
from asyncdemo.trace import Actor, Outcome, Trace

FEW = 2
"""So many steps a cell are all looked at; of more the first and the last, whose waits may reach out of it."""
Turn = tuple[int, int]
"""The number of a state, and until when. Plain numbers, for there are thousands on a screen."""
READY, RUN = int(State.READY), int(State.RUN)


class Wake(NamedTuple):
    """A link of the chain that led to a step.

    Attributes:
        task: who was woken.
        step: the row of `Trace.steps` that it ran then.
        waker: who woke it: a task or an `Actor`.
    """

    task: int
    step: int
    waker: int


class Lives:
    """A finished recording, its steps found by task.

    Args:
        trace: the recording; taking it in costs a pass over its steps and its holds.

    Attributes:
        trace: the same.
        states: `wait_states` of it.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._steps = _rows_by_owner(trace.steps.task, len(trace.tasks))
        self.states = wait_states(trace)
        self._codes = list(map(int, self.states))
        self._holding = Holding(trace)

    def steps(self, task: int) -> Sequence[int]:
        """The rows of `Trace.steps` that a task ran, in order; those that were not kept are missing."""
        return self._steps[task]

    def step_at(self, task: int, t_ns: int) -> int:
        """Which of the task's steps was the last to begin by `t_ns`: its number in `steps`, or -1."""
        return bisect_right(self._steps[task], t_ns, key=self.trace.steps.start_ns.__getitem__) - 1

    def step_due(self, task: int, t_ns: int) -> int:
        """Which of the task's steps was under way at `t_ns` or ended the wait of that time: its number in `steps`.

        Of a task that runs no more it is the last one, and -1 when it never ran.
        """
        rows = self._steps[task]
        due = bisect_right(rows, t_ns, key=self.trace.steps.end_ns.__getitem__)
        return min(due, len(rows) - 1)

    def waited_ns(self, task: int, number: int) -> int:
        """From when on a task waited, or was ready, for the step with that number in `steps`."""
        rows = self._steps[task]
        return self.trace.steps.end_ns[rows[number - 1]] if number else self.trace.tasks.created_ns[task]

    def at(self, task: int, t_ns: int) -> Interval | None:
        """What a task did at `t_ns`; None before its creation and from its end on."""
        last = self.step_at(task, t_ns)
        for _, start, end, state, wait in self._pieces(task, max(last, 0), last + 2):
            if start <= t_ns < end:
                return Interval(start, end, state, wait)
        return None

    def woken_by(self, task: int, number: int, most: int) -> list[Wake]:
        """Who woke a task to the step with that number in `steps`, who had woken that one, and so on.

        Args:
            task: the task.
            number: which of its steps.
            most: most links of the chain, at least 1.
        """
        links, steps = list[Wake](), self.trace.steps
        while number >= 0 and len(links) < most:
            row = self._steps[task][number]
            waker = steps.waker[row]
            links.append(Wake(task, row, waker))
            if waker < 0:
                break
            task, number = waker, self.step_at(waker, steps.ready_ns[row])
        return links

    def stretch(self, task: int, window: Window) -> Stretch:
        """What the task's row shows of a window, at the cost of its cells."""
        tasks, rows = self.trace.tasks, self._steps[task]
        born, died = tasks.created_ns[task], tasks.ended_ns[task]
        if died <= born:
            return Stretch(self._at_once(task, window))
        columns = Columns(window)
        if died <= window.start_ns or born >= window.end_ns:
            return Stretch(columns.states(born, died))
        first = bisect_right(rows, window.start_ns, key=self.trace.steps.end_ns.__getitem__)
        stop = bisect_left(rows, window.end_ns, first, key=self.trace.steps.start_ns.__getitem__)
        sampled = stop - first > FEW * window.columns
        if sampled:
            columns.spend(window.start_ns, self._held(task, window.start_ns, self._some(task, first, stop, window)))
        else:
            since = self.waited_ns(task, first) if first <= len(rows) else died
            columns.spend(since, self._held(task, since, self._all(task, first, stop)))
        marks = {} if sampled else self._marks(task, rows[first:stop], window)
        return Stretch(columns.states(born, died), marks, sampled)

    def _all(self, task: int, first: int, stop: int) -> Iterator[Turn]:
        """The states of a life from the end of the step before `first` on, to the one that leads out of `stop`."""
        steps, rows = self.trace.steps, self._steps[task][first : stop + 1]
        states = map(self._codes.__getitem__, map(steps.wait.__getitem__, rows))
        waited = zip(states, map(steps.ready_ns.__getitem__, rows), strict=True)
        ready = zip(repeat(READY), map(steps.start_ns.__getitem__, rows), strict=False)
        ran = zip(repeat(RUN), map(steps.end_ns.__getitem__, rows), strict=False)
        found = chain.from_iterable(zip(waited, ready, ran, strict=True))
        return found if stop < len(self._steps[task]) else chain(found, self._left(task))

    def _some(self, task: int, first: int, stop: int, window: Window) -> Iterator[Turn]:
        """The same of the first and the last step within each cell: the waits of these may reach out of it."""
        rows, steps, states = self._steps[task], self.trace.steps, self._codes
        readies, starts, ends, waits = steps.ready_ns, steps.start_ns, steps.end_ns, steps.wait
        yield SKIPPED, self.waited_ns(task, first)
        origin, width = window.start_ns, window.cell_ns
        number, last = first, min(stop, len(rows) - 1)
        while number <= last:
            row = rows[number]
            start = starts[row]
            yield states[waits[row]], readies[row]
            yield READY, start
            yield RUN, ends[row]
            edge_ns = start - (start - origin) % width + width
            after = bisect_left(rows, edge_ns, number + 1, last + 1, key=starts.__getitem__)
            if after - number > 1:
                row = rows[after - 1]
                yield SKIPPED, ends[rows[after - 2]]
                yield states[waits[row]], readies[row]
                yield READY, starts[row]
                yield RUN, ends[row]
            number = after
        if stop >= len(rows):
            yield from self._left(task)

    def _left(self, task: int) -> Iterator[Turn]:
        """What is left of a life after the last step."""
        rows = self._steps[task]
        reached = self.waited_ns(task, len(rows))
        for _, _, end, state, _ in ending(self.trace, self.states, task, reached):
            yield int(state), end

    def _held(self, task: int, since_ns: int, turns: Iterator[Turn]) -> Iterator[Turn]:
        return self._holding.over(task, since_ns, turns) if task in self._holding else turns

    def _at_once(self, task: int, window: Window) -> bytes:
        """A task that ran and ended in no time at all was running in one cell; a bad end has a mark there."""
        tasks, found = self.trace.tasks, bytearray(window.columns)
        column = window.column(min(tasks.ended_ns[task], self.trace.duration_ns - 1))
        if tasks.steps[task] and tasks.outcome[task] == Outcome.RETURNED and 0 <= column < window.columns:
            found[column] = State.RUN
        return bytes(found)

    def _pieces(self, task: int, first: int, stop: int) -> Iterator[Piece]:
        """The pieces of life up to the ends of the steps with these numbers; beyond the last one, what is left."""
        rows = self._steps[task]
        reached = {task: self.waited_ns(task, first) if first <= len(rows) else self.trace.tasks.ended_ns[task]}
        found = tile(self.trace, rows[first:stop], reached, self.states)  # type: ignore[arg-type]
        if stop > len(rows):
            found = chain(found, self._rest(task, reached))
        return chain.from_iterable(map(self._holding.split, found)) if task in self._holding else found

    def _rest(self, task: int, reached: dict[int, int]) -> Iterator[Piece]:
        """What is left of a life, once the pieces before that have been had."""
        yield from ending(self.trace, self.states, task, reached[task])

    def _marks(self, task: int, rows: Sequence[int], window: Window) -> dict[int, int]:
        """Where it ran between two waits that would look like one, and where it was asked to end."""
        steps, cancels, found = self.trace.steps, self.trace.cancels, dict[int, int]()
        moments = [(steps.start_ns[row], Mark.STEP) for row in rows if self.states[steps.wait[row]] in LASTING]
        for row in self._cancels[task]:
            mark = Mark.TIMEOUT if cancels.by[row] == Actor.TIMER else Mark.CANCEL
            moments.append((cancels.t_ns[row], mark))
        for t_ns, mark in moments:
            column = window.column(t_ns)
            if 0 <= column < window.columns:
                found[column] = found.get(column, 0) | mark
        return found

    @cached_property
    def _cancels(self) -> list[list[int]]:
        return _rows_by_owner(self.trace.cancels.task, len(self.trace.tasks))


def _rows_by_owner(owners: Sequence[int], number: int) -> list[list[int]]:
    """For each of `number` owners the rows that are its, in order."""
    rows: list[list[int]] = [[] for _ in range(number)]
    for row, owner in enumerate(owners):
        rows[owner].append(row)
    return rows
