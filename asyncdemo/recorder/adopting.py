"""Tasks that were there before the recording began: what they did until then is not known, and is not made up.

Each is a row from the start of the recording on, suspended in what it waits for. What a loop had made ready before it
was seen runs without being watched, among it the rest of the step that began the recording; all that is over when the
loop has come round once, which is the *first turn*.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from typing import Any

from asyncdemo.recorder.awaits import YIELD
from asyncdemo.recorder.clock import nanoseconds
from asyncdemo.recorder.coroutines import HIDDEN, UNWANTED
from asyncdemo.recorder.loops import LoopRecorder, recorder_of, row_in
from asyncdemo.recorder.steps import Mark, NoStep
from asyncdemo.trace import NONE, Actor

AnyTask = asyncio.Task[Any]


def adopt(loop: LoopRecorder, asyncio_loop: Any) -> None:
    """Takes in the tasks of a loop that is seen for the first time; the one that runs comes first.

    A loop that runs in another thread is left alone: its tasks come in one by one as they are woken.
    """
    inside = asyncio._get_running_loop() is asyncio_loop
    if inside or not asyncio_loop.is_running():
        running = asyncio.current_task(asyncio_loop) if inside else None
        tasks = asyncio.all_tasks(asyncio_loop)
        known = sorted(tasks, key=lambda task: (task is not running, _in_order(task)))
        if known and loop.first_turn is None:
            loop.first_turn = FirstTurn(loop, asyncio_loop, known, running)


def _in_order(task: AnyTask) -> list[tuple[int, str]]:
    """Sorts tasks as they were made, as far as their names tell."""
    parts = re.split(r"(\d+)", task.get_name())
    return [(int(part) if part.isdecimal() else 0, part) for part in parts]


class FirstTurn:
    """A loop's first turn under observation.

    Args:
        loop: the loop's recorder.
        asyncio_loop: the loop.
        tasks: its tasks; kept until the turn is over.
        running: the one of them that runs, or None.
    """

    def __init__(
        self, loop: LoopRecorder, asyncio_loop: asyncio.AbstractEventLoop, tasks: list[AnyTask], running: AnyTask | None
    ) -> None:
        self._loop = loop
        self._began = loop.recorder.waits.since_s
        self._tasks = {id(task): task for task in tasks if self._take_in(task)}
        for task in self._tasks.values():
            loop.recorder.tasks.made_by(loop.steps[id(task)].row, *loop.recorder.births.origin(task))
        self._ready = [task for task in self._tasks.values() if _is_ready(task)]
        self._running = self._tasks.get(id(running))
        loop.busy_since = self._began
        loop.cut = None if self._running is None else (self._began, NONE, Actor.UNKNOWN)
        self._idle = type(loop.idle)
        loop.idle.__class__ = _ToldByAsyncio
        guarded = loop.recorder.guarded
        self._handles = [
            _scheduled(asyncio_loop, guarded(self._step_over), first=True),
            _scheduled(asyncio_loop, guarded(self._over)),
        ]

    @property
    def in_step(self) -> bool:
        """Whether the step in which the recording began goes on."""
        return self._running is not None

    def again(self, step: Any, task: AnyTask) -> bool:
        """Makes `step` the one that serves a task which goes on after `sleep(0)`; False when it is none of these."""
        if self._tasks.get(id(task)) is not task:
            return False
        if task is self._running:
            self._step_over()
        mark, now = self._loop.steps[id(task)], self._loop.time()
        mark.since = now
        self._loop.adopted(step, task, mark)
        step.task, step.scheduled = task, True
        step.ready, step.wait, step.waker = now, YIELD, step.row
        return True

    def under_way(self) -> tuple[float, float, int, int, int] | None:
        """Ready, start, task, wait and waker of the step in which the recording began, while it goes on."""
        mark = self._loop.steps.get(id(self._running))
        if mark is None or self._loop.cut is None:
            return None
        ready, wait, waker = self._loop.cut
        return ready, self._loop.busy_since, mark.row, wait, waker

    def end(self) -> None:
        """Sees no more of it, for it is over or the recording is."""
        self._loop.first_turn = self._running = self._loop.cut = None
        self._loop.idle.__class__ = self._idle
        for handle in self._handles:
            handle.cancel()

    def _step_over(self) -> None:
        """Notes the step in which the recording began, as far as it was in the recording."""
        under_way, task, loop = self.under_way(), self._running, self._loop
        self._running = loop.cut = None
        if under_way is None or task is None:
            return
        ready, start, row, wait, waker = under_way
        mark, end = loop.steps[id(task)], loop.time()
        mark.since = end
        loop.append(ready, start, end, row, wait, waker)
        if row in loop.watch:
            loop.recorder.resources.step_over(loop, row, nanoseconds(start))
        if task.done():
            loop.finished(mark, task, end)
        if end - start > loop.stall:
            loop.stalled(start, end, row)

    def _over(self) -> None:
        """Ends the turn: from now on every step is seen."""
        loop = self._loop
        self._step_over()
        self.end()
        now = loop.time()
        for task in self._ready:
            mark = loop.steps.get(id(task))
            if mark is not None and task.done():
                loop.finished(mark, task, now)
        self._ready.clear()
        self._tasks.clear()

    def _take_in(self, task: AnyTask) -> bool:
        """Gives a task its row; False when it is to be left out."""
        loop, began = self._loop, self._began
        coro, defined = loop.coroutine(task.get_coro())
        if coro == UNWANTED or id(task) in loop.steps:
            return False
        if coro == HIDDEN:
            loop.steps[id(task)] = Mark(HIDDEN, 0)
            return False
        row = loop.add(began, coro, defined, NONE, NONE, loop.number)
        loop.recorder.tasks.adopted += 1
        loop.recorder.tasks.names[row] = task.get_name()
        loop.steps[id(task)] = Mark(row, began, began)
        return True


class _ToldByAsyncio(NoStep):
    """What stands for nothing that runs, in the first turn: unseen steps do, and asyncio knows of which task."""

    __slots__ = ()

    @property
    def row(self) -> int:  # type: ignore[override]
        """The task whose step runs in this thread; else what it is after the first turn."""
        running = asyncio._get_running_loop()
        task = asyncio.current_task(running) if running is not None else None
        known = recorder_of(running)
        row: int = NONE if task is None or known is None else known.recorder.tasks.row_of(task)
        return row if row >= 0 else row_in(self)


def _is_ready(task: AnyTask) -> bool:
    future = task._fut_waiter  # type: ignore[attr-defined]
    return future is None or bool(future.done())


def _scheduled(loop: Any, callback: Callable[[], None], *, first: bool = False) -> asyncio.Handle:
    """Has the loop run a callback that nothing is recorded of: after what is ready, or where it can be, as the next."""
    ready = getattr(loop, "_ready", None)
    if not isinstance(ready, deque):
        return type(loop).call_soon.__wrapped__(loop, callback)  # type: ignore[no-any-return]
    handle = asyncio.Handle(callback, (), loop, None)
    (ready.appendleft if first else ready.append)(handle)
    return handle
