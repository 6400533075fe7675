"""What each task did at every moment of its life: states and the intervals that tile a life."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, MutableSequence
from enum import IntEnum
from typing import NamedTuple

from asyncdemo.trace import NONE, Outcome, Steps, Trace, Wait


class State(IntEnum):
    """What a task does; of two states that share a picture's cell equally, the higher number is drawn."""

    NONE = 0
    """It does not exist, or what it did was not kept."""
    READY = 1
    """It could run, but the loop has not come to it."""
    TASKS = 2
    """It waits for other tasks."""
    WAIT = 3
    """It waits for a lock, a slot, a notification, an event, a queue, a barrier or a future."""
    SLEEP = 4
    """It sleeps, or its work is under way elsewhere: on the network, a thread, a process."""
    RUN = 5
    """It runs; or it runs and waits by turns, each wait too brief to be looked at."""
    HOLD = 6
    """It holds a lock or a slot of a semaphore, and runs or sleeps."""


STATE_OF = {
    Wait.BRIEF: State.RUN,
    Wait.YIELD: State.RUN,
    Wait.SLEEP: State.SLEEP,
    Wait.TASK: State.TASKS,
    Wait.LOCK: State.WAIT,
    Wait.SEMAPHORE: State.WAIT,
    Wait.CONDITION: State.WAIT,
    Wait.EVENT: State.WAIT,
    Wait.QUEUE_GET: State.WAIT,
    Wait.QUEUE_PUT: State.WAIT,
    Wait.QUEUE_JOIN: State.WAIT,
    Wait.BARRIER: State.WAIT,
    Wait.THREAD: State.SLEEP,
    Wait.PROCESS: State.SLEEP,
    Wait.NETWORK: State.SLEEP,
    Wait.SUBPROCESS: State.SLEEP,
    Wait.FUTURE: State.WAIT,
}


STATES = [STATE_OF[kind] for kind in Wait]
"""The same by the number of the `Wait`."""


class Interval(NamedTuple):
    """A stretch of a task's life in one state; `wait` is the row of `Trace.waits` that it spends waiting, or `NONE`."""

    start_ns: int
    end_ns: int
    state: State
    wait: int = NONE


Piece = tuple[int, int, int, State, int]
"""A task and an interval of its life: task, start_ns, end_ns, state, wait. Made by the million, hence no class."""


def wait_states(trace: Trace, first: int = 0) -> list[State]:
    """The state of each row of `trace.waits` from `first` on; the last entry stands for `NONE`: not yet run."""
    return [*map(STATES.__getitem__, trace.waits.kind[first:]), State.READY]


class Holding:
    """When each task holds at least one resource: merged, ordered stretches, kept up to date from snapshots."""

    def __init__(self, trace: Trace | None = None) -> None:
        self._starts: dict[int, list[int]] = {}
        self._ends: dict[int, list[int]] = {}
        self._open: list[int] = []
        self._holders: set[int] = set()
        self._seen = 0
        if trace is not None:
            self.update(trace)

    def update(self, trace: Trace, newest: int = sys.maxsize) -> set[int]:
        """Take in the holds that are new in `trace`, at most the `newest` of them, and those that have ended since.

        Returns:
            The tasks that have come to hold something since this was last updated, or hold something no longer.
        """
        holds, now_ns = trace.holds, trace.duration_ns
        first = max(self._seen, len(holds) - newest)
        self._seen = len(holds)
        new = range(first, self._seen)
        to_ns = holds.to_ns
        ended = [row for row in self._open if to_ns[row] < now_ns]
        if not ended and not new:
            return set()
        self._open = [row for row in self._open if to_ns[row] >= now_ns]
        for rows in ended, new:
            self._holders = {holds.task[row] for row in self._open}
            for row in rows:
                self._add(holds.task[row], holds.from_ns[row], holds.to_ns[row])
        self._open.extend(row for row in new if holds.to_ns[row] >= now_ns)
        self._holders = {holds.task[row] for row in self._open}
        return {holds.task[row] for row in (*ended, *new)}

    def __contains__(self, task: int) -> bool:
        """Whether the task ever held anything."""
        return task in self._starts

    def holds(self, task: int) -> bool:
        """Whether the task held anything when this was last updated."""
        return task in self._holders

    def covers(self, task: int, start_ns: int, end_ns: int) -> bool:
        """Whether the last that is known of a task's holds lasts from before `start_ns` until after `end_ns`."""
        starts = self._starts.get(task)
        return starts is not None and starts[-1] <= start_ns and end_ns <= self._ends[task][-1]

    def _add(self, task: int, start: int, end: int) -> None:
        starts, ends = self._starts.setdefault(task, []), self._ends.setdefault(task, [])
        if task in self._holders:
            self._go_on(task, start)
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)

    def _go_on(self, task: int, upto: int) -> None:
        """A task that holds something still does until `upto`."""
        self._ends[task][-1] = max(self._ends[task][-1], upto)

    def split(self, piece: Piece) -> Iterator[Piece]:
        """The same piece, in `HOLD` where the task ran or slept while it held something."""
        task, begin, end, state, wait = piece
        starts = self._starts.get(task)
        if starts is None or (state is not State.RUN and state is not State.SLEEP):
            yield piece
            return
        if task in self._holders:
            self._go_on(task, end)
        ends = self._ends[task]
        for row in range(bisect_right(ends, begin), len(starts)):
            if starts[row] >= end:
                break
            if starts[row] > begin:
                yield task, begin, starts[row], state, wait
                begin = starts[row]
            upto = min(ends[row], end)
            if upto > begin:
                yield task, begin, upto, State.HOLD, wait
            begin = upto
        if begin < end:
            yield task, begin, end, state, wait

    def over(self, task: int, since_ns: int, turns: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """States that follow each other from `since_ns` on, and until when: the same, in `HOLD` as `split` has it."""
        starts, ends, since = self._starts[task], self._ends[task], since_ns
        row, last, hold, at_work = 0, len(starts), int(State.HOLD), (int(State.RUN), int(State.SLEEP))
        for state, until in turns:
            if state in at_work:
                row = bisect_right(ends, since, row)
                while row < last and starts[row] < until:
                    if starts[row] > since:
                        yield state, starts[row]
                    since = min(ends[row], until)
                    yield hold, since
                    if since == until:
                        break
                    row += 1
            if until > since:
                yield state, until
                since = until


def tile(
    trace: Trace,
    rows: Iterable[int],
    reached: MutableSequence[int],
    states: list[State] | None = None,
    steps: Steps | None = None,
) -> Iterator[Piece]:
    """The pieces of life up to the end of each of the steps `rows`, in their order, holds not yet regarded.

    Args:
        trace: the recording.
        rows: rows of the steps, ordered by start within each task.
        reached: how far each task's life has been tiled, in ns; moved on to the end of each step.
        states: `wait_states(trace)`, where that is known already.
        steps: other steps than those of the recording.
    """
    steps, states = trace.steps if steps is None else steps, wait_states(trace) if states is None else states
    tasks, waits, readies, starts, ends = steps.task, steps.wait, steps.ready_ns, steps.start_ns, steps.end_ns
    ready_state, running = State.READY, State.RUN
    for row in rows:
        task, wait = tasks[row], waits[row]
        begin, ready, start, end = reached[task], readies[row], starts[row], ends[row]
        if ready > begin:
            yield task, begin, ready, states[wait], wait
            begin = ready
        if start > begin:
            yield task, begin, start, ready_state, NONE
            begin = start
        if end > begin:
            yield task, begin, end, running, NONE
            begin = end
        reached[task] = begin


def ending(trace: Trace, states: list[State], task: int, reached: int) -> Iterator[Piece]:
    """What is left of a task's life after its last step; nothing for most tasks that ended.

    `states` is `wait_states(trace)`; `reached` is how far the life has been tiled.
    """
    tasks = trace.tasks
    end = tasks.ended_ns[task]
    if reached >= end:
        return
    pending = tasks.outcome[task] in (Outcome.PENDING, Outcome.DESTROYED)
    wait = tasks.waiting[task] if pending else NONE
    if wait != NONE:
        yield task, reached, end, states[wait], wait
    else:
        yield from _unexplained(trace, task, reached, end, State.RUN if pending else State.NONE)


def _unexplained(trace: Trace, task: int, reached: int, end: int, after: State) -> Iterator[Piece]:
    """A task that waits for nothing is ready until its first step begins, and in state `after` from then on."""
    started = trace.tasks.started_ns[task]
    begin = end if started == NONE else min(max(reached, started), end)
    if reached < begin:
        yield task, reached, begin, State.READY, NONE
    if begin < end:
        yield task, begin, end, after, NONE


def intervals_by_task(trace: Trace) -> list[list[Interval]]:
    """For each task the intervals that tile its life, from its creation to its end, in order and without a gap."""
    reached = list(trace.tasks.created_ns)
    holding = Holding(trace)
    lives: list[list[Interval]] = [[] for _ in reached]
    for piece in _pieces(trace, range(len(trace.steps)), range(len(reached)), reached):
        lives[piece[0]].extend(Interval(*part[1:]) for part in holding.split(piece))
    return lives


def intervals(trace: Trace, task: int) -> list[Interval]:
    """The intervals that tile the life of `task`; for all tasks at once use `intervals_by_task`."""
    rows = [row for row, owner in enumerate(trace.steps.task) if owner == task]
    holding = Holding(trace)
    pieces = _pieces(trace, rows, [task], list(trace.tasks.created_ns))
    return [Interval(*part[1:]) for piece in pieces for part in holding.split(piece)]


def pieces(trace: Trace) -> Iterator[Piece]:
    """What every task did, holds not regarded: in the order of the steps, what is left after them last."""
    reached = list(trace.tasks.created_ns)
    return _pieces(trace, range(len(trace.steps)), range(len(reached)), reached)


def _pieces(trace: Trace, rows: Iterable[int], tasks: Iterable[int], reached: list[int]) -> Iterator[Piece]:
    states = wait_states(trace)
    yield from tile(trace, rows, reached, states)
    for task in tasks:
        yield from ending(trace, states, task, reached[task])
