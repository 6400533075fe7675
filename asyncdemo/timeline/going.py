"""Going: tasks that go on with what they were at, so that a picture extends them together and not one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from asyncdemo.timeline.states import State
from asyncdemo.trace import NONE, Tasks


class Pursuit(NamedTuple):
    """What a task goes on with.

    Attributes:
        state: how it is drawn.
        wait: row of `Trace.waits`, or `NONE` when it has not begun.
        since_ns: from when on it goes on.
        queues: whether it queues up for something.
    """

    state: State
    wait: int
    since_ns: int
    queues: bool


class Going:
    """Pending tasks that have not changed since somebody looked, counted by row of the picture and by state.

    Attributes:
        queueing: how many of them queue up for something.
    """

    def __init__(self) -> None:
        self.queueing = 0
        self._tasks: dict[int, Pursuit] = {}
        self._waits: dict[int, int] = {}
        self._not_begun = 0
        self._before: tuple[Sequence[int], bytes] = (), b""
        """What tasks waited for, and how they had ended, when `changed` was asked: who joined then joined with that."""
        self._groups: Counter[tuple[int, State]] = Counter()

    def join(self, task: int, row: int, pursuit: Pursuit) -> None:
        """A task goes on with something."""
        self._tasks[task] = pursuit
        self._waits[task] = pursuit.wait
        self._groups[row, pursuit.state] += 1
        self.queueing += pursuit.queues
        self._not_begun += pursuit.wait == NONE

    def leave(self, task: int, row: int) -> Pursuit | None:
        """A task is looked at by itself again; what it went on with, if it was one of these."""
        known = self._tasks.pop(task, None)
        if known is not None:
            del self._waits[task]
            self._groups[row, known.state] -= 1
            self.queueing -= known.queues
            self._not_begun -= known.wait == NONE
        return known

    def changed(self, tasks: Tasks) -> list[int]:
        """Tasks that wait for something else now, have begun, or are no more."""
        waiting, started_ns, outcome = tasks.waiting, tasks.started_ns, tasks.outcome
        before, self._before = self._before, (waiting, bytes(outcome))
        if self._before == before and not self._not_begun:
            return []
        return [
            task
            for task, wait in self._waits.items()
            if waiting[task] != wait or outcome[task] or (wait == NONE and started_ns[task] != NONE)
        ]

    def groups(self) -> list[tuple[int, State, int]]:
        """How many go on, by row and state."""
        return [(row, state, number) for (row, state), number in self._groups.items() if number]

    def fold(self) -> None:
        """Each pair of neighbouring rows has become one."""
        groups, self._groups = self._groups, Counter()
        for (row, state), number in groups.items():
            self._groups[row // 2, state] += number
