"""Time-outs that ran out: since when they ran, when they asked what they limit to end, and when and how that was over.

`asyncio.timeout`, on which `wait_for` is built from Python 3.12 on, enters and leaves its block in coroutine functions.
Plain functions stand in for these, which take the time and hand back the very coroutine: no frame of ours is in the
program's tracebacks. Python 3.11's `wait_for` has no block; it ends when the task has that it cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from types import FrameType
from typing import Any

from asyncdemo.recorder.clock import nanoseconds
from asyncdemo.recorder.hooks import Hooks
from asyncdemo.recorder.sites import Callers, SiteBook
from asyncdemo.recorder.tables import END, TaskRows, columns
from asyncdemo.trace import NONE, Outcome, Timeouts


@dataclass(slots=True)
class _RanOut:
    """A time-out that ran out; times in nanoseconds of the recorder's clock."""

    task: int
    limited: int
    site: int
    set_ns: int
    out_ns: int
    left_ns: int = NONE
    outcome: int = Outcome.PENDING


class TimeoutBook:
    """The time-outs of a recording that ran out.

    Args:
        sites: where lines are kept.
        tasks: the recorded tasks.
        now: the recorder's clock, in nanoseconds.
        acting: gives the task that runs in this thread, or `NONE`.
    """

    def __init__(self, sites: SiteBook, tasks: TaskRows, now: Callable[[], int], acting: Callable[[], int]) -> None:
        self._callers = Callers(sites)
        self._tasks, self._now, self._acting = tasks, now, acting
        self._entered: dict[int, int] = {}
        """When each block was entered, by the identity of its time-out."""
        self._open: dict[int, _RanOut] = {}
        """Blocks whose time is up, by the same, or by the task that a `wait_for` has cancelled, below zero."""
        self._rows: list[_RanOut] = []

    def install(self, hooks: Hooks, guarded: Callable[[Callable[..., None]], Callable[..., None]]) -> None:
        """Begins to note when blocks are entered and left; see `ResourceBook.install`."""
        for name, note in (("__aenter__", self._enters), ("__aexit__", self._leaves)):
            hooks.replace(asyncio.Timeout, name, _noting(getattr(asyncio.Timeout, name), guarded(note)))

    def ran_out(self, timeout: Any, site: int) -> None:
        """The time of a block is up, which is in a line at `site` just now; its task is being asked to end."""
        task, now = self._tasks.row_of(timeout._task), self._now()
        if id(timeout) not in self._open and task >= 0:
            row = _RanOut(task, task, site, self._entered.get(id(timeout), now), now)
            self._open[id(timeout)] = row
            self._rows.append(row)

    def waited_for(self, frame: FrameType, site: int) -> None:
        """The time of Python 3.11's `wait_for` is up, and it cancels what it waits for."""
        limited, allowed = self._tasks.row_of(frame.f_locals["fut"]), frame.f_locals["timeout"]
        task = self._acting()
        if limited >= 0 and task >= 0 and -1 - limited not in self._open:
            now = self._now()
            row = _RanOut(task, limited, site, now - round(max(0, allowed) * 1e9), now)
            self._open[-1 - limited] = row
            self._rows.append(row)

    def _enters(self, timeout: Any) -> None:
        self._entered[id(timeout)] = self._now()

    def _leaves(self, timeout: Any, kind: type[BaseException] | None, *_: Any) -> None:
        self._entered.pop(id(timeout), None)
        row = self._open.pop(id(timeout), None)
        if row is not None:
            site = self._callers.site()
            row.site, row.left_ns = site if site >= 0 else row.site, self._now()
            cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
            row.outcome = Outcome.RETURNED if kind is None else Outcome.CANCELLED if cancelled else Outcome.RAISED

    def forget(self, before_ns: int, gone: Collection[int]) -> None:
        """Lets go of what ran out before this time of the recorder's clock, and of these tasks."""
        self._open = {key: row for key, row in self._open.items() if row.limited not in gone}
        left = set(gone)
        self._rows = [row for row in self._rows if row.out_ns >= before_ns and not {row.task, row.limited} & left]

    def table(self, origin_ns: int, end_ns: int) -> Timeouts:
        """The time-outs so far; those whose end has not come last until `end_ns`, which counts from the origin."""
        rows = []
        for row in list(self._rows):
            left_ns, outcome = self._end(row)
            times = row.set_ns - origin_ns, row.out_ns - origin_ns, left_ns - origin_ns if outcome else end_ns
            rows.append((row.task, row.limited, row.site, *times, outcome))
        return Timeouts(*columns("iiiqqqb", rows))

    def _end(self, row: _RanOut) -> tuple[int, int]:
        """When and how what a time-out limits was over; for a `wait_for` with a task of its own when that was."""
        if row.task == row.limited:
            return row.left_ns, row.outcome
        _, ended, outcome = END.unpack_from(self._tasks.ends, row.limited * END.size)
        return nanoseconds(ended), outcome


def _noting(original: Callable[..., Any], note: Callable[..., None]) -> Callable[..., Any]:
    """A coroutine function, as a plain one that notes the call first and gives the same coroutine."""

    @wraps(original)
    def noting(*args: Any) -> Any:
        note(*args)
        return original(*args)

    return noting
