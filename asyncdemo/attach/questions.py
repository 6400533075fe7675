"""What a test asks of a recording: how many at once, who waited, what blocked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby
from operator import sub

from asyncdemo import timeline
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.timeline import State
from asyncdemo.trace import NONE, Outcome, Trace

NS = 1e9
FEW = 8
"""So many names an error lists."""
AT_WORK = (State.TASKS, State.SLEEP, State.RUN, State.HOLD)


class Questions(ABC):
    """Questions about a trace, with answers to assert on."""

    @property
    @abstractmethod
    def trace(self) -> Trace:
        """What was recorded."""

    def tasks(self, pattern: str = "*") -> TaskSet:
        """The tasks whose name, coroutine's qualified name, or its last part is like `pattern`, as in a shell.

        Args:
            pattern: such as `fetch`, `fetch-*` or `Client.*`; without one all tasks.
        """
        trace = self.trace
        known = {coro: _called(trace.text(coro), pattern) for coro in set(trace.tasks.coro)}
        rows = [
            row
            for row, coro in enumerate(trace.tasks.coro)
            if known[coro] or fnmatchcase(trace.task_name(row), pattern)
        ]
        return TaskSet(trace, pattern, tuple(rows))

    def peak(self, pattern: str = "*") -> int:
        """How many of these tasks existed at once at most: `tasks(pattern).peak`."""
        return self.tasks(pattern).peak

    def resource(self, name: str) -> Use:
        """How a lock, a semaphore, a queue and so on was used.

        Args:
            name: as pictures have it, such as `Semaphore`, or `Lock 2` for the second one.

        Raises:
            AsyncdemoError: there is none of that name (exit code 2).
        """
        trace = self.trace
        names = [trace.text(each) for each in trace.resources.name]
        if name not in names:
            raise _unknown(f"No resource is called {name!r}", names)
        row = names.index(name)
        used = timeline.occupancy(trace, row)
        limit = None if used.limit == NONE else used.limit
        length = timeline.peak_lengths(trace).get(row, 0)
        return Use(name, limit, used.peak_held, used.peak_waiting, length)

    @property
    def wall_s(self) -> float:
        """How long the recording lasted, in seconds."""
        return self.trace.duration_ns / NS

    @property
    def longest_stall_s(self) -> float:
        """How long one step or callback blocked its loop at most, in seconds; shorter ones than 50 ms count as 0."""
        stalls = self.trace.stalls
        return max(map(sub, stalls.end_ns, stalls.start_ns), default=0) / NS

    @property
    def late_p99_s(self) -> float:
        """99 of 100 steps started at most so many seconds after they were ready."""
        return timeline.at_share(timeline.lateness(self.trace), 0.99) / NS


@dataclass(frozen=True, slots=True)
class Use:
    """How a resource was used.

    Attributes:
        name: what it is called.
        limit: how many may hold it at once, or a queue's maxsize; None when there is no limit.
        peak_held: how many held it at once at most.
        peak_waiting: how many waited for it at once at most.
        peak_length: the greatest length of a queue.
    """

    name: str
    limit: int | None
    peak_held: int
    peak_waiting: int
    peak_length: int


@dataclass(frozen=True, slots=True)
class TaskSet:
    """Some tasks of a recording. `len` counts them, and iterating gives their names.

    Of no tasks at all there is no peak: a test with a name that is not right must not pass.

    Attributes:
        trace: the recording.
        pattern: what they were asked for by.
        rows: their rows in `trace.tasks`.
    """

    trace: Trace
    pattern: str
    rows: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[str]:
        return map(self.trace.task_name, self.rows)

    def __repr__(self) -> str:
        return f"<{len(self)} tasks like {self.pattern!r}>"

    @property
    def peak(self) -> int:
        """How many existed at once at most."""
        others = set(range(len(self.trace.tasks))).difference(self._some())
        return timeline.most_tasks(self.trace, others)

    @property
    def peak_at_work(self) -> int:
        """How many were under way with something at once at most.

        That is a sleep, the network, a thread, another task, or what they do while they hold a lock or a slot; waiting
        for a lock, a slot, a queue, an event or the turn to run is not.
        """
        return timeline.peak(span for life in self._lives() for span in _at_work(life))

    @property
    def longest_wait_s(self) -> float:
        """How long one of them waited at most for a lock, a slot, a queue, an event and so on, in seconds."""
        return self._longest(State.WAIT)

    @property
    def latest_s(self) -> float:
        """How long one of them was ready at most before it ran, in seconds."""
        return self._longest(State.READY)

    @property
    def ok(self) -> tuple[str, ...]:
        """Those that returned."""
        return self._that(Outcome.RETURNED)

    @property
    def failed(self) -> tuple[str, ...]:
        """Those that an exception ended."""
        return self._that(Outcome.RAISED)

    @property
    def cancelled(self) -> tuple[str, ...]:
        """Those that were cancelled."""
        return self._that(Outcome.CANCELLED)

    @property
    def pending(self) -> tuple[str, ...]:
        """Those that had not ended."""
        return self._that(Outcome.PENDING)

    def _some(self) -> tuple[int, ...]:
        if not self.rows:
            trace = self.trace
            coros = (trace.text(coro).rpartition(".")[2] for coro in trace.tasks.coro)
            raise _unknown(f"No task is called {self.pattern!r}", coros)
        return self.rows

    def _that(self, outcome: Outcome) -> tuple[str, ...]:
        return tuple(self.trace.task_name(row) for row in self.rows if self.trace.tasks.outcome[row] == outcome)

    def _longest(self, wanted: State) -> float:
        spans = (end - start for life in self._lives() for start, end, state, _ in life if state == wanted)
        return max(spans, default=0) / NS

    def _lives(self) -> Iterator[list[timeline.Interval]]:
        rows, lives = self._some(), timeline.intervals_by_task(self.trace)
        return (lives[row] for row in rows)


def _at_work(life: Iterable[timeline.Interval]) -> Iterator[tuple[int, int]]:
    """When a task was under way with something; what it ran just before and after that belongs to it."""
    for working, stretch in groupby(life, lambda interval: interval.state in AT_WORK):
        intervals = list(stretch)
        if working and any(each.state != State.RUN for each in intervals):
            yield intervals[0].start_ns, intervals[-1].end_ns


def _called(coro: str, pattern: str) -> bool:
    return fnmatchcase(coro, pattern) or fnmatchcase(coro.rpartition(".")[2], pattern)


def _unknown(what: str, names: Iterable[str]) -> AsyncdemoError:
    known = list(dict.fromkeys(names))
    listed = ", ".join(known[:FEW]) + (", ..." if len(known) > FEW else "")
    return AsyncdemoError(f"{what}.\n{f'There are {listed}' if known else 'There are none'}.", USAGE)
