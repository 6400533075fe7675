"""What a program loses: coroutines that nobody awaits, exceptions that nobody asks for, slots that nobody had taken.

Python notices the first two as it frees the object, which the garbage collector may do in the middle of anything: what
is noted then takes no lock, and becomes rows of a table when that is read.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import warnings
from asyncio import base_events
from collections.abc import Iterator
from operator import itemgetter
from types import CoroutineType, FrameType, FunctionType, ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from asyncdemo.recorder.sites import is_foreign, is_installed
from asyncdemo.recorder.stacks import without_ours
from asyncdemo.recorder.tables import ALL, columns
from asyncdemo.trace import NONE, Loss, Losses

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder

_UNRETRIEVED = ("Task exception was never retrieved", "Future exception was never retrieved")

Place = tuple[str, int, str]
"""File, line and function."""


class _Lost(NamedTuple):
    """One loss as it is noted."""

    loss: Loss
    t_ns: int
    what: str
    task: int
    made: Place | None
    site: Place | None


class LossBook:
    """The losses of a recording.

    Args:
        closely: whether to note where each coroutine is made, and to look for what was lost but not yet freed as the
            recording ends. Both take time.
    """

    def __init__(self, recorder: Recorder, *, closely: bool) -> None:
        self._recorder = recorder
        self._closely = closely
        self._lost: list[_Lost] = []
        self._depths: dict[int, int] = {}

    def install(self) -> None:
        """Begins to listen to what Python complains of."""
        recorder = self._recorder
        if hasattr(warnings, "_warn_unawaited_coroutine"):
            recorder.hooks.replace(warnings, "_warn_unawaited_coroutine", self._warning(warnings))
        self._listen(base_events.BaseEventLoop)
        recorder.hooks.when_imported("uvloop", lambda uvloop: self._listen(uvloop.Loop))
        self.track_origins()

    def track_origins(self) -> None:
        """Has this thread's coroutines know where they were made, unless the program has asked for that itself."""
        if self._closely and not sys.get_coroutine_origin_tracking_depth():
            sys.set_coroutine_origin_tracking_depth(1)

    def stop(self) -> None:
        """Listens no longer; what is lost but not yet freed is noted."""
        if not self._closely:
            return
        if sys.get_coroutine_origin_tracking_depth() == 1:
            sys.set_coroutine_origin_tracking_depth(0)
        for thing in self._unfreed():
            if isinstance(thing, CoroutineType):
                self._never_awaited(thing, None)
            else:
                self._never_retrieved(thing, thing._exception, None)

    def stray_release(self, semaphore: str, task: int, site: int) -> None:
        """Notes that a slot was given back that nobody had taken, at the row `site`."""
        where = self._recorder.sites.place(site) if site >= 0 else None
        self._lost.append(_Lost(Loss.STRAY_RELEASE, self._recorder.now(), semaphore, task, where, where))

    def forget(self, before_ns: int) -> None:
        """Lets go of what was lost before this time."""
        self._lost[:] = [lost for lost in self._lost if lost.t_ns >= before_ns]

    def table(self, origin_ns: int, rows: slice = ALL) -> Losses:
        """The losses so far, or these of them, with times from `origin_ns`."""
        text = self._recorder.strings.intern
        found = [
            (int(lost.loss), lost.t_ns - origin_ns, text(lost.what), lost.task, *map(self._row, (lost.made, lost.site)))
            for lost in self._lost[rows]
        ]
        return Losses(*columns("bqiiii", found))

    def _row(self, place: Place | None) -> int:
        return NONE if place is None else self._recorder.sites.at(*place)

    def _warning(self, module: ModuleType) -> Any:
        """`warnings._warn_unawaited_coroutine` as it is, but for where the coroutine was made if only we asked that.

        It warns of the line that it was called at, so the warning is to come from the same depth.
        """
        original = module._warn_unawaited_coroutine
        note = self._recorder.guarded(self._never_awaited)

        def message_of(coro: Any) -> str:
            if coro.cr_origin is None or (self._closely and len(coro.cr_origin) == 1):
                return f"coroutine '{coro.__qualname__}' was never awaited"
            messages: list[str] = []
            heard = {**vars(module), "warn": lambda message, **_options: messages.append(message)}
            origin = tuple(without_ours(coro.cr_origin, itemgetter(0)))
            FunctionType(original.__code__, heard)(SimpleNamespace(__qualname__=coro.__qualname__, cr_origin=origin))
            return messages[0]

        def _warn_unawaited_coroutine(coro: Any) -> None:
            note(coro, sys._getframe().f_back)
            module.warn(message_of(coro), category=RuntimeWarning, stacklevel=2, source=coro)

        return _warn_unawaited_coroutine

    def _never_awaited(self, coroutine: Any, frame: FrameType | None) -> None:
        origin = coroutine.cr_origin
        made = origin[0] if origin and _is_own(origin[0][0]) else None
        self._note(Loss.NEVER_AWAITED, coroutine.__qualname__, self._recorder.running_task(), made, frame)

    def _listen(self, loop_class: Any) -> None:
        original = loop_class.call_exception_handler
        note = self._recorder.guarded(self._never_retrieved)

        def call_exception_handler(self: Any, context: Any) -> None:
            if type(context) is dict and context.get("message") in _UNRETRIEVED:
                note(context.get("future") or context.get("task"), context.get("exception"), sys._getframe().f_back)
            original(self, context)

        self._recorder.hooks.stand_in(loop_class, "call_exception_handler", call_exception_handler)

    def _never_retrieved(self, future: Any, error: Any, frame: FrameType | None) -> None:
        task = self._recorder.tasks.raised.get(id(future), NONE) if isinstance(future, asyncio.Task) else NONE
        self._note(Loss.NEVER_RETRIEVED, _said(error), task, None, frame)

    def _note(self, loss: Loss, what: str, task: int, made: Place | None, frame: FrameType | None) -> None:
        while frame is not None and not _is_own(frame.f_code.co_filename):
            frame = frame.f_back
        site = None if frame is None else (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname)
        self._lost.append(_Lost(loss, self._recorder.now(), what, task, made, site))

    def _unfreed(self) -> Iterator[Any]:
        """Coroutines of the program's that never ran, and what holds an exception that nobody has asked for."""
        things, loops = gc.get_objects(), [reference() for reference in self._recorder.seen_loops]
        # Only types are asked: a proxy answers for something else, which may be gone, and may run the program's code.
        owned = {id(thing.get_coro()) for thing in things if issubclass(type(thing), asyncio.Task)}
        for thing in things:
            if type(thing) is CoroutineType:
                unstarted = inspect.getcoroutinestate(thing) == inspect.CORO_CREATED
                if unstarted and id(thing) not in owned and _is_own(thing.cr_code.co_filename):
                    yield thing
            elif issubclass(type(thing), asyncio.Future) and thing._loop in loops and _holds_exception(thing):
                yield thing


def _holds_exception(future: Any) -> bool:
    """Whether a future holds an exception that nobody has asked for."""
    return bool(future.done() and not future.cancelled() and future._exception and future._log_traceback)


def _is_own(file: str) -> bool:
    return not is_foreign(file) and not is_installed(file)


def _said(error: Any) -> str:
    try:
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    except Exception:  # the program's own __str__ may raise anything
        return type(error).__name__
