"""A task's step: what serves it, and what is written down when it has run.

A loop schedules a task by handing `call_soon` one of the task's own methods. On asyncio's loops the handle made of it
is of a subclass that takes the time when it runs (`asyncio_loops`); on uvloop, whose handles are compiled, the callback
is wrapped instead (`uvloop_loops`). Both are a *step* here, and run by `run_step`.

A task is scheduled at most once at any time, so one step object serves all of its steps, which saves part of the time
that recording takes. It is found by the task's identity, and holds nothing of the task while that is suspended, so that
a task is freed exactly when it would be; one that took the place of a freed one in memory shows itself by a first step.

Times here are seconds as floats: packing, comparing and subtracting them takes half as long as with nanoseconds that do
not fit a machine word. They turn into whole nanoseconds, exactly, when the tables are read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from asyncdemo.compiled import hot, numbers, objects
from asyncdemo.recorder.tables import CHUNK, STEP
from asyncdemo.trace import NONE

if TYPE_CHECKING:
    from asyncdemo.recorder.loops import LoopRecorder

_LAST = CHUNK - STEP.size
_SIZE = STEP.size
_pack = STEP.pack_into


class Step(Protocol):
    """What serves the steps of a task.

    Attributes:
        loop: the recorder of its loop.
        row: the task's row.
        started: when its first step began, or `NONE`.
        since: when it last gave up control, or was made.
        ready: when it became ready for the step to come.
        wait: the row of what it had waited for, `NONE` before its first step.
        waker: who made it ready.
        scheduled: whether the loop is to run it: not while it is suspended, or runs with no other step to come.
        task: the task from when it is scheduled until it is suspended, else None.
        enter: calls the callback, in its context.
        run_as_ever: what runs the callback unrecorded, if that is in Python: it stands in stacks that debug mode shows.
        looked: `since` when somebody looked at what the task waited for, and `found` the row of that (see `pending`).
    """

    loop: LoopRecorder
    row: int
    started: float
    since: float
    ready: float
    wait: int
    waker: int
    scheduled: bool
    task: Any
    enter: Any
    looked: float
    found: int
    _callback: Any
    _args: Any
    run_as_ever: Callable[[], None] | None

    def escaped(self, error: BaseException) -> None:
        """Deals with an exception of a callback as the loop does."""


STEP_NUMBERS = {
    **dict.fromkeys(("looked", "ready", "since", "started"), float),
    **dict.fromkeys(("found", "row", "wait", "waker"), int),
    "scheduled": bool,
}
STEP_SLOTS = ("enter", "loop", "task")


class Mark:
    """What stands for a task while nothing serves its steps: an eager one not yet scheduled, any in debug mode.

    In debug mode asyncio reads a handle after it ran, so handles keep their callbacks, and one serves one step.
    """

    __slots__ = ("found", "looked", "row", "scheduled", "since", "started")

    def __init__(self, row: int, since: float, started: float = NONE) -> None:
        self.row = row
        self.since = since
        self.started = started
        self.looked: float = NONE


def last_wait(step: Any) -> int:
    """The row of what a task that goes away has waited for, if somebody has looked, or `NONE`."""
    found: int = step.found if step.looked == step.since else NONE
    return found


class NoStep(numbers(object, row=int, started=float)):  # type: ignore[misc]
    """Stands in `LoopRecorder.running` for what is no step of a task: a callback, or nothing."""

    __slots__ = objects()
    row: int
    started: float
    task = None

    def __init__(self, row: int) -> None:
        self.row = row


if hot:
    hot.learn("no step", NoStep)


def run_step(self: Step) -> None:  # noqa: C901, PLR0912, PLR0915 - the hot path, written out in place
    """Runs a task's step. A function call more would be paid 400,000 times by a program of 400,000 steps."""
    loop = self.loop
    ready = self.ready
    wait = self.wait
    waker = self.waker
    self.scheduled = False
    outer = loop.running
    loop.running = self
    if loop.unusual:
        try:
            loop.resuming(self)
        except Exception as fault:
            loop.recorder.fail(fault)
    args = self._args
    # What lies in a slot is called by a local name: Python 3.11 looks for a method of that name otherwise, each time.
    enter = self.enter
    time = loop.time
    start = loop.busy_since = time()
    try:
        if loop.debug and self.run_as_ever is not None:
            self.run_as_ever()
        elif args:
            enter(self._callback, args[0])
        else:
            enter(self._callback)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        self.escaped(error)
    finally:
        end = time()
        loop.running = outer
        try:
            row = self.row
            unusual = loop.unusual
            if unusual:
                start = loop.busy_since
                if loop.cut is not None:
                    ready, wait, waker = loop.cut
                    loop.cut = None
            offset = loop.offset
            _pack(loop.chunk, offset, ready, start, end, row, wait, waker)
            if offset == _LAST:
                loop.next_chunk()
            else:
                loop.offset = offset + _SIZE
            if wait < 0:
                self.started = start
            if self.scheduled:
                self.ready = end
            else:
                self.since = end
                task = self.task
                if loop.debug:
                    loop.keep_mark(self)
                else:
                    self._callback = self._args = None
                if task.done():
                    loop.finished(self, task, end)
                self.task = None
            if unusual:
                loop.after_step(row, start)
            if end - start > loop.stall:
                loop.stalled(start, end, row)
        except Exception as fault:
            loop.recorder.fail(fault)
        self = args = task = None  # type: ignore[assignment] # this frame may live on in a traceback: no task with it
