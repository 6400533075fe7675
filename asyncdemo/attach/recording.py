"""`record()`: a stretch of code, a notebook's cell or a test under the recorder."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast, overload

from asyncdemo.attach.questions import Questions
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.exporters import Run
from asyncdemo.recorder import Recorder
from asyncdemo.trace import Trace

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Recording(Questions):
    """A recording to be made, one that goes on, or one that is over; see `record`.

    As a context manager, `with` or `async with`, it lasts as long as the block. As a decorator it lasts as long as a
    call. It can be used again and again: it is then about the last time.

    Args:
        trace: what was recorded, when it is over already: from `load`, for example.
        name: what to call it in pictures.
        save: a file to keep it in; see `record`.
        force: whether that file may be there already.
        gives_way: whether it ends when something else begins to record, which would be refused otherwise.
        meanwhile: a file to keep it in while it goes on, when it is not yet known whether anybody wants it; what
            becomes of that is then up to whoever does.

    Attributes:
        partial: the file that holds what was kept while it went on, or None when nothing was.
    """

    def __init__(
        self,
        trace: Trace | None = None,
        *,
        name: str = "",
        save: str | Path | None = None,
        force: bool = False,
        gives_way: bool = False,
        meanwhile: str | Path | None = None,
    ) -> None:
        self._finished = trace
        self._name = name
        self._save = save
        self._force = force
        self._gives_way = gives_way
        self._meanwhile = meanwhile
        self._recorder: Recorder | None = None
        self.partial: str | None = None

    # What it is of

    @property
    def trace(self) -> Trace:
        """What was recorded; while it goes on what has been so far.

        Raises:
            AsyncdemoError: it has not begun (exit code 2).
        """
        if self._recorder is not None:
            return self._recorder.so_far()
        if self._finished is None:
            raise AsyncdemoError(
                "Nothing has been recorded yet.\nUse the recording in a with statement, or call what it decorates.",
                USAGE,
            )
        return self._finished

    @property
    def going_on(self) -> bool:
        """Whether it records now."""
        return self._recorder is not None and self._recorder.trace is None

    @property
    def begun(self) -> bool:
        """Whether there is anything recorded."""
        return self._finished is not None or self._recorder is not None

    # Beginning and ending

    @staticmethod
    def possible() -> bool:
        """Whether a recording can begin now: a process can be recorded once at a time."""
        return not Recorder.under_way()

    def start(self) -> Self:
        """Begins to record; with tasks that are there already, in the middle of any of them.

        Raises:
            AsyncdemoError: something records already in this process, or the file to save to is refused (exit code 2).
        """
        if self._save is not None:
            from asyncdemo.files import check_writable

            check_writable(self._save, force=self._force)
        meta = {"observer": "none"} | ({"command": self._name} if self._name else {})
        self._recorder = Recorder(meta=meta, gives_way=self._gives_way, saved_to=self._save or self._meanwhile).start()
        return self

    def stop(self) -> Trace:
        """Ends it, if it goes on, and gives what was recorded.

        What goes wrong in recording or saving is a warning: it is not the program's fault.
        """
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            self._finished = _ended(recorder.stop())
            if recorder.fault is not None:
                warnings.warn(f"asyncdemo: {recorder.fault}", RuntimeWarning, stacklevel=3)
            self.partial = recorder.saver.path
            self._keep(self._finished)
        return self.trace

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _keep(self, trace: Trace) -> None:
        if self._save is None:
            return
        from asyncdemo import tracefile

        try:
            tracefile.save(trace, self._save, force=self._force, partial=self.partial)
        except AsyncdemoError as error:
            warnings.warn(f"asyncdemo: {error.message}", RuntimeWarning, stacklevel=4)

    # Decorating

    def __call__(self, function: _Function) -> _Function:
        """`function` under the recorder: a coroutine function until it returns, any other one during its call.

        A call while something records, such as another call of it, becomes part of that recording. What it gives has
        this recording as its attribute `recording`.

        Raises:
            AsyncdemoError: `function` is a generator, whose call runs none of its code (exit code 2).
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise AsyncdemoError(
                f"{function.__qualname__} is a generator, whose call runs none of its code.\n"
                "Functions and coroutine functions can be recorded.\nRecord the code that iterates over it.",
                USAGE,
            )
        self._name = self._name or function.__qualname__.rpartition(".")[2]
        called = self._coroutine(function) if inspect.iscoroutinefunction(function) else self._plain(function)
        called.recording = self
        # A task of it goes by the name of its code.
        names = {"co_name": function.__name__, "co_qualname": function.__qualname__}
        called.__code__ = called.__code__.replace(**names)
        return cast("_Function", called)

    def _coroutine(self, function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        async def recorded(*args: Any, **options: Any) -> Any:
            if not self.possible():
                return await function(*args, **options)
            async with self:
                return await function(*args, **options)

        return recorded

    def _plain(self, function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        def recorded(*args: Any, **options: Any) -> Any:
            if not self.possible():
                return function(*args, **options)
            with self:
                return function(*args, **options)

        return recorded

    # Showing

    def __repr__(self) -> str:
        if not self.begun:
            return "<Recording that has not begun>"
        return f"<Recording {'so far ' if self.going_on else ''}of {self.trace}>"

    def _repr_html_(self) -> str | None:
        """The final picture, as notebooks show it; nothing before there is any."""
        if not self.begun:
            return None
        from asyncdemo.views.paper import html

        return html(self.trace, Run.of(self.trace))


def _ended(trace: Trace) -> Trace:
    """The trace, which says so when the loop that it ended in goes on: its pending tasks may end later."""
    from asyncio import _get_running_loop

    return trace if _get_running_loop() is None else replace(trace, meta={**trace.meta, "goes_on": True})


@overload
def record(function: _Function, /) -> _Function: ...


@overload
def record(*, name: str = "", save: str | Path | None = None, force: bool = False) -> Recording: ...


def record(
    function: _Function | None = None, /, *, name: str = "", save: str | Path | None = None, force: bool = False
) -> Recording | _Function:
    """A recording of this process's event loops, for code, notebooks and tests.

        async with asyncdemo.record() as recording:
            await work()
        recording.trace

    `with`, `async with` and `@asyncdemo.record()` all do, in a loop that runs already as well as around
    `asyncio.run`. Tasks that are there already are recorded from then on.

    Args:
        function: what to decorate, when it is used as `@asyncdemo.record` without options.
        name: what to call it in pictures; a decorated function's name by default.
        save: a file to keep the recording in, which `asyncdemo replay` shows. It is written while the program runs, so
            that something is there when that is killed; a file that was there before is replaced when all is over.
        force: whether that file may be there already; without it that is refused at the beginning.
    """
    recording = Recording(name=name, save=save, force=force)
    return recording if function is None else recording(function)
