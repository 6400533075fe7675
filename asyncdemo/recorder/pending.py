"""What the tasks that have not ended wait for, as a view or the end of the recording asks for it."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from asyncdemo.recorder.loops import LoopRecorder, recorder_of
from asyncdemo.recorder.resources import Request
from asyncdemo.recorder.steps import Mark
from asyncdemo.trace import NONE, Actor, Wait

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder

MOST_NAMED = 200
"""Of more pending tasks than this a snapshot does not read all names again: no view shows so many."""
MOST_PENDING = 1_000
"""With more pending tasks than this a snapshot does not say what each one waits for."""


class Look:
    """What a task waited for when it was last looked at, and since when."""

    __slots__ = ("loop", "since", "task", "wait")

    def __init__(self, task: weakref.ref[asyncio.Task[Any]], loop: LoopRecorder | None) -> None:
        self.task = task
        self.loop = loop
        self.since: float = NONE
        self.wait = NONE


class PendingTasks:
    """The tasks that are suspended, and those that went away while they were."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._looks: dict[int, Look] = {}
        """What they waited for when somebody last looked."""

    def waits(self, *, all_names: bool = False) -> dict[int, int]:
        """What each task that is suspended now waits for, unless there are very many; notes their names too.

        Without `all_names` the names of many tasks are only noted when the tasks have run since.
        """
        recorder, looks, waiting = self._recorder, self._looks, dict[int, int]()
        steps = [step for step in list(recorder.tasks.steps.values()) if step.row >= 0]
        if len(steps) > MOST_PENDING:
            return {}
        rows = {step.row for step in steps}
        if not rows <= looks.keys():
            looks = self._meet(rows)
        names, all_names = recorder.tasks.names, all_names or len(steps) <= MOST_NAMED
        for step in steps:
            row = step.row
            look = looks.get(row)
            task = None if look is None else look.task()
            if look is None or task is None:
                continue
            since = step.since
            changed = look.since != since
            if (all_names or changed) and not task.done():
                names[row] = task.get_name()
            if not changed and type(step) is not Mark:
                if step.task is None:  # it has been suspended all the time
                    waiting[row] = look.wait
                continue
            future = getattr(task, "_fut_waiter", None)
            if future is None or future.done():
                continue
            if changed:
                look.since, look.wait = since, self._waits_now(task, row, look.loop, future)
            waiting[row] = look.wait
        return {**waiting, **recorder.trio.waiting()}

    def _meet(self, rows: Collection[int]) -> dict[int, Look]:
        """Finds the tasks that serve these rows; those that have ended are forgotten."""
        known = self._looks
        looked_at = {row: known[row] for row in rows if row in known}
        for reference in list(self._recorder.seen_loops):
            loop = reference()
            for task in asyncio.all_tasks(loop) if loop is not None else ():
                row = self._recorder.tasks.row_of(task)
                if row in rows and row not in known:
                    looked_at[row] = Look(weakref.ref(task), recorder_of(loop))
        self._looks = looked_at
        return looked_at

    def _waits_now(self, task: asyncio.Task[Any], row: int, loop: LoopRecorder | None, future: Any) -> int:
        """The row of what a task that is suspended on `future` waits for."""
        requests = loop.watch.get(row) if loop is not None else None
        if requests and requests[-1].site not in self._recorder.sites.installed:
            return self._recorder.request_wait(requests[-1])
        return self._recorder.waits.read(task, Actor.UNKNOWN, future, self._recorder.resources)

    def unheeded(self) -> dict[int, int]:
        """How many requests to end those that are still suspended have had, and not taken back."""
        asked = self._recorder.tasks.cancelled.keys() & self._looks.keys()
        found = {row: self._looks[row].task() for row in asked}
        return {row: task.cancelling() for row, task in found.items() if task is not None and not task.done()}

    def last_wait(self, row: int, since: float) -> int:
        """The row of what a task that goes away has waited for `since`, if a snapshot has looked, or `NONE`."""
        look = self._looks.get(row)
        return look.wait if look is not None and look.since == since else NONE

    def left(self) -> dict[int, int]:
        """What the destroyed tasks waited for: a bare future's names nobody."""
        left = self._recorder.tasks.left
        for row, wait in list(left.items()):
            if isinstance(wait, Request):
                left[row] = self._recorder.request_wait(wait)
            elif wait == NONE:
                left[row] = self._recorder.waits.row(Wait.FUTURE, "future")
        return dict(left)
