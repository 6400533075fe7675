"""Recordings of a million steps, made up: what a program of so many tasks would have left."""

from __future__ import annotations

import random
from array import array

from asyncdemo.trace import NONE, Actor, Loops, Outcome, Sites, Steps, Tasks, Trace, Wait, Waits

STEPS = 1_000_000
AT_ONCE = 1_000
STRINGS = ("work", "app.py", "sleep", "Queue.get", "Lock", "asyncio.unix_events._UnixSelectorEventLoop", "MainThread")
META = {
    "command": "app.py",
    "clock": "real",
    "stall_ns": 50_000_000,
    "brief_ns": 100_000,
    "started": "2026-01-01T00:00",
}


def recording(tasks: int, steps: int = STEPS) -> Trace:
    """A trace of `tasks` tasks, at most a thousand at once, that take turns for so many steps altogether."""
    chance, columns = random.Random(tasks), _Columns()
    each = steps // tasks
    for first in range(0, tasks, AT_ONCE):
        columns.batch(range(first, min(first + AT_ONCE, tasks)), each, chance)
    return columns.trace(tasks, each)


class _Columns:
    """The columns that differ from row to row."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.created, self.started, self.ended = array("q"), array("q"), array("q")
        self.ready, self.start, self.end = array("q"), array("q"), array("q")
        self.task, self.wait, self.waker = array("i"), array("i"), array("i")

    def batch(self, tasks: range, each: int, chance: random.Random) -> None:
        """Tasks that begin together and run their steps in turns."""
        born = self.now_ns
        self.created.extend([born] * len(tasks))
        ends = [born] * len(tasks)
        for number in range(each):
            for place, task in enumerate(tasks):
                ready = max(ends[place], self.now_ns - chance.randrange(200, 5_000))
                self.now_ns = max(self.now_ns, ready) + chance.randrange(500, 3_000)
                start, ends[place] = self.now_ns - chance.randrange(100, 500), self.now_ns
                if not number:
                    self.started.append(start)
                self._step(task, (min(ready, start), start, self.now_ns), chance.randrange(4) if number else NONE)
        self.ended.extend(ends)

    def _step(self, task: int, times: tuple[int, int, int], wait: int) -> None:
        for column, t_ns in zip((self.ready, self.start, self.end), times, strict=True):
            column.append(t_ns)
        self.task.append(task)
        self.wait.append(wait)
        self.waker.append(task - 1 if task else Actor.TIMER)

    def trace(self, tasks: int, each: int) -> Trace:
        """All of it."""

        def same(value: int, rows: int = tasks) -> array[int]:
            return array("i", [value]) * rows

        return Trace(
            META,
            self.now_ns,
            STRINGS,
            sites=Sites(same(1, 2), array("i", [3, 9]), same(0, 2)),
            loops=Loops(same(5, 1), same(6, 1), same(NONE, 1)),
            tasks=Tasks(
                name=array("i", range(-2, -2 - tasks, -1)),
                coro=same(0),
                defined=same(0),
                parent=same(NONE),
                site=same(1),
                loop=same(0),
                created_ns=self.created,
                started_ns=self.started,
                ended_ns=self.ended,
                outcome=array("b", [Outcome.RETURNED]) * tasks,
                steps=same(each),
                error=same(NONE),
                cancelled_by=same(Actor.UNKNOWN),
                cancelled_at=same(NONE),
                unheeded=same(0),
                waiting=same(NONE),
            ),
            steps=Steps(self.ready, self.start, self.end, self.task, self.wait, self.waker),
            waits=Waits(
                array("b", [Wait.SLEEP, Wait.QUEUE_GET, Wait.LOCK, Wait.YIELD]),
                array("i", [2, 3, 4, 2]),
                same(NONE, 4),
                same(NONE, 4),
                same(1, 4),
                same(NONE, 4),
            ),
        )
