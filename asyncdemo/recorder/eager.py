"""Eager tasks: a task factory may run a task's first step before it returns, within whatever makes the task.

A step that makes an eager task is thereby cut in two: what it has run before, and what it runs afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from asyncdemo.recorder.awaits import YIELD
from asyncdemo.recorder.clock import nanoseconds
from asyncdemo.recorder.coroutines import HIDDEN
from asyncdemo.recorder.steps import Mark, NoStep
from asyncdemo.trace import NONE

if TYPE_CHECKING:
    from asyncdemo.recorder.loops import LoopRecorder

_NO_NAME = "None"
"""What CPython 3.13.0 calls an eager task that was given no name, after it has ended."""
_Cut = tuple[float, int, int]


def make(loop: LoopRecorder, factory: Callable[..., Any], asyncio_loop: Any, coroutine: Any, options: Any) -> Any:
    """Calls a task factory of the program's, which may run the task's first step before it returns."""
    birth = None
    try:
        birth = _Birth.of(loop, coroutine)
    except Exception as fault:
        loop.recorder.fail(fault)
    if birth is None:
        return factory(asyncio_loop, coroutine, **options)
    try:
        task = factory(asyncio_loop, coroutine, **options)
    finally:
        ran = birth.over()
    if ran is not None:
        try:
            birth.ran(task, *ran)
        except Exception as fault:
            loop.recorder.fail(fault)
    return task


def name_late(loop: LoopRecorder) -> None:
    """Names the eager tasks that ended in the step just over: asyncio names them after that."""
    while loop.named_late:
        row, task = loop.named_late.pop()
        if (name := task.get_name()) != _NO_NAME:
            loop.recorder.tasks.names[row] = name


def goes_on(coroutine: Any) -> bool:
    """Whether a coroutine that a factory makes a task of has run already, and gives up control: its task is eager."""
    return bool(getattr(coroutine, "cr_suspended", False) or getattr(coroutine, "gi_suspended", False))


def yielded(loop: LoopRecorder, step: Any, task: asyncio.Task[Any]) -> None:
    """Makes `step` the next one of an eager task whose first step ends with `sleep(0)`."""
    mark = loop.expected[1]  # type: ignore[index] # that of this task
    loop.steps[id(task)] = mark if loop.debug else step
    step.task, step.scheduled = task, True
    step.row, step.started = mark.row, mark.started
    step.since = step.ready = loop.time()
    step.wait, step.waker = YIELD, mark.row


class _Birth:
    """A task that a factory is making.

    Attributes:
        loop: the recorder of its loop.
        maker: what runs: a step, or something with the `row` of a task or an `Actor`.
        mark: stands for the new task.
    """

    def __init__(self, loop: LoopRecorder, mark: Mark, step: _Cut | None) -> None:
        self.loop, self.mark, self.maker = loop, mark, loop.running
        self._step = step
        """Ready, wait and waker of the maker's step, or None: a callback makes the task."""
        self._before = loop.cut, loop.busy_since, loop.expected

    @classmethod
    def of(cls, loop: LoopRecorder, coroutine: Any) -> _Birth | None:
        """Notes that a task is being made for `coroutine`; None when it is to be left out."""
        coro, defined = loop.coroutine(coroutine)
        if coro <= HIDDEN:
            return None
        maker, began = loop.running, loop.time()
        row = loop.add(began, coro, defined, loop.maker(), loop.caller(), loop.number)
        step = loop.cut
        if step is None and maker.task is not None:
            step = maker.ready, maker.wait, maker.waker
        birth = cls(loop, Mark(row, began, began), step)
        if step is not None:
            ready, wait, waker = step
            loop.append(ready, loop.busy_since, began, maker.row, wait, waker)
        loop.expected = coroutine, birth.mark, maker
        loop.running = NoStep(row)
        loop.cut, loop.busy_since = (began, NONE, maker.row), began
        return birth

    def over(self) -> tuple[_Cut, float] | None:
        """The factory has returned, or raised.

        Returns:
            What is left of the new task's first step, and since when that runs; None when it did not run.
        """
        loop = self.loop
        rest, since, ran = loop.cut, loop.busy_since, loop.expected is not None
        loop.running = self.maker
        loop.cut, loop.busy_since, loop.expected = self._before
        if ran:
            return rest or (self.mark.since, NONE, self.maker.row), since
        if self._step is not None:
            loop.drop_last()
        return None

    def ran(self, task: asyncio.Task[Any], rest: _Cut, since: float) -> None:
        """Notes the step that the new task has run."""
        loop, mark = self.loop, self.mark
        ended, (ready, wait, waker) = loop.time(), rest
        loop.append(ready, since, ended, mark.row, wait, waker)
        if self._step is not None:
            if self._step[1] == NONE:
                self.maker.started = loop.busy_since
            loop.cut, loop.busy_since = (mark.since, YIELD, mark.row), ended
            loop.unusual = True
        serves = loop.steps.get(id(task))
        if serves is None or serves.row != mark.row:
            loop.steps[id(task)] = mark
        elif serves is not mark:
            serves.ready = ended
        if mark.row in loop.watch:
            loop.recorder.resources.step_over(loop, mark.row, nanoseconds(since))
        mark.since = ended
        if task.done():
            loop.finished(mark, task, ended)
            loop.named_late.append((mark.row, task))
            loop.unusual = True
