"""What the tasks that have not ended wait for, as a view or the end of the recording asks for it."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from asyncdemo.compiled import ByIdentity, hot
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


def _unfinished(table: ByIdentity[Any]) -> tuple[list[Any], list[Any], dict[int, int]]:
    """What serves tasks that have a row, by their identity in a table.

    Of very many tasks that do nothing no more is touched than this: memory that was not used lately is slow.

    Returns:
        All of it, what serves those that may wait for something else than when somebody looked, and what the others
        wait for, which have been suspended all the time.
    """
    steps = [step for step in list(table.values()) if step.row >= 0]
    changed, waiting = list[Any](), dict[int, int]()
    for step in steps:
        if type(step) is Mark or step.task is not None or step.looked != step.since:
            changed.append(step)
        else:
            waiting[step.row] = step.found
    return steps, changed, waiting


unfinished = hot.unfinished if hot else _unfinished


class _Known(NamedTuple):
    """A task that has not ended, and the recorder of its loop."""

    task: weakref.ref[asyncio.Task[Any]]
    loop: LoopRecorder | None


class PendingTasks:
    """The tasks that are suspended, and those that went away while they were."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._known: dict[int, _Known] = {}
        """Those that somebody has looked at, by row."""

    def waits(self, *, all_names: bool = False) -> dict[int, int]:
        """What each task that is suspended now waits for, unless there are very many; notes their names too.

        Without `all_names` the names of many tasks are only noted when the tasks have run since.
        """
        recorder = self._recorder
        steps, changed, waiting = unfinished(recorder.tasks.steps)
        if len(steps) > MOST_PENDING:
            return {}
        if changed:
            self._meet(steps, changed)
        if all_names or len(steps) <= MOST_NAMED:
            self._note_names(steps)
        else:
            self._note_names(step for step in changed if step.looked != step.since)
        self._look_at(changed, waiting)
        waiting.update(recorder.trio.waiting())
        return waiting

    def _meet(self, steps: Sequence[Any], changed: Iterable[Any]) -> None:
        """Finds the tasks that some of these steps serve; those that serve none any more are forgotten."""
        if all(step.row in self._known for step in changed):
            return
        rows = {step.row for step in steps}
        known = {row: task for row, task in list(self._known.items()) if row in rows}
        for reference in list(self._recorder.seen_loops):
            loop = reference()
            watched = None if loop is None else recorder_of(loop)
            for task in asyncio.all_tasks(loop) if loop is not None else ():
                row = self._recorder.tasks.row_of(task)
                if row in rows and row not in known:
                    known[row] = _Known(weakref.ref(task), watched)
        self._known = known

    def _note_names(self, steps: Iterable[Any]) -> None:
        names = self._recorder.tasks.names
        for step in steps:
            known = self._known.get(step.row)
            task = None if known is None else known.task()
            if task is not None and not task.done():
                names[step.row] = task.get_name()

    def _look_at(self, steps: Iterable[Any], waiting: dict[int, int]) -> None:
        """Puts what these tasks wait for into `waiting`, if they do."""
        for step in steps:
            row, since = step.row, step.since
            known = self._known.get(row)
            task = None if known is None else known.task()
            if known is None or task is None or (step.looked == since and type(step) is not Mark):
                continue
            future = getattr(task, "_fut_waiter", None)
            if future is None or future.done():
                continue
            if step.looked != since:
                step.found, step.looked = self._waits_now(task, row, known.loop, future), since
            waiting[row] = step.found

    def _waits_now(self, task: asyncio.Task[Any], row: int, loop: LoopRecorder | None, future: Any) -> int:
        """The row of what a task that is suspended on `future` waits for."""
        requests = loop.watch.get(row) if loop is not None else None
        if requests and requests[-1].site not in self._recorder.sites.installed:
            return self._recorder.request_wait(requests[-1])
        waits = self._recorder.waits
        remembered: int = hot.remembered(waits, task.get_coro()) if hot else NONE
        return remembered if remembered != NONE else waits.read(task, Actor.UNKNOWN, future, self._recorder.resources)

    def unheeded(self) -> dict[int, int]:
        """How many requests to end those that are still suspended have had, and not taken back."""
        asked = self._recorder.tasks.cancelled.keys() & self._known.keys()
        found = {row: self._known[row].task() for row in asked}
        return {row: task.cancelling() for row, task in found.items() if task is not None and not task.done()}

    def left(self) -> dict[int, int]:
        """What the destroyed tasks waited for: a bare future's names nobody."""
        left = self._recorder.tasks.left
        for row, wait in list(left.items()):
            if isinstance(wait, Request):
                left[row] = self._recorder.request_wait(wait)
            elif wait == NONE:
                left[row] = self._recorder.waits.row(Wait.FUTURE, "future")
        return dict(left)
