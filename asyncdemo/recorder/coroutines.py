"""What a task's coroutine is called and where it is defined."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from inspect import CORO_CREATED, getcoroutinestate
from types import AsyncGeneratorType, CodeType, CoroutineType
from typing import Any

from asyncdemo.compiled import ByIdentity, by_identity
from asyncdemo.recorder.scope import Scope
from asyncdemo.recorder.sites import SiteBook, Strings, is_installed
from asyncdemo.recorder.tables import TaskRows
from asyncdemo.trace import NONE

HIDDEN = -9
"""Stands for tasks that are left out: those that asyncio makes to shut a loop down."""
UNWANTED = -10
"""Stands for tasks that were asked to be left out."""

_CLOSING = "async_generator_athrow"
_CALLS = {_CLOSING: ("aclose", "athrow"), "async_generator_asend": ("__anext__", "asend")}
"""By the type of what a call of an asynchronous generator's method gives: the method without and with an argument."""
_SHUTDOWN = ("shutdown_asyncgens", "shutdown_default_executor")


class CoroutineBook:
    """Names and definitions of coroutines, looked up once for each function.

    Attributes:
        known: string and site of a function's coroutines, by the identity of its code.
    """

    def __init__(self, strings: Strings, sites: SiteBook, tasks: TaskRows, scope: Scope) -> None:
        self._strings = strings
        self._scope = scope
        self._sites = sites
        self._tasks = tasks
        self.known: ByIdentity[tuple[int, int]] = by_identity()

    def of(self, coroutine: Any) -> tuple[int, int]:
        """String and site of a coroutine's function; for one that is left out `HIDDEN` or `UNWANTED`, not a string."""
        try:
            return self.known[id(coroutine.cr_code)]
        except (AttributeError, KeyError):
            return self._new(coroutine)

    def _new(self, coroutine: Any) -> tuple[int, int]:
        kind = type(coroutine).__name__
        if kind in _CALLS:
            return self._generator_call(coroutine, kind)
        code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
        of_code = getattr(code, "co_qualname", None)
        name = str(of_code or getattr(coroutine, "__qualname__", type(coroutine).__qualname__))
        coro = HIDDEN if name.endswith(_SHUTDOWN) else self._named(name, coroutine)
        if code is None:
            return coro, NONE
        if self._scope.chooses and self._is_librarys(code):
            # What it runs for the program decides, which is another coroutine each time.
            return coro, self._sites.of_definition(code)
        found = self.known[id(code)] = coro, self._sites.of_definition(code)
        return found

    def _named(self, name: str, runs: Any) -> int:
        """The string of a coroutine's name, unless nobody wants its tasks."""
        if self._scope.chooses and not self._scope.admits_one_of(self._names_of(name, runs)):
            return UNWANTED
        return self._strings.intern(name)

    def _names_of(self, name: str, runs: Any) -> Iterator[tuple[str, str]]:
        """The module and the name of a coroutine, and of the one that a library's has been given to run."""
        yield _module_of(runs), name
        inner = _given(runs) if isinstance(runs, CoroutineType) and self._is_librarys(runs.cr_code) else None
        if inner is not None:
            yield from self._names_of(inner.cr_code.co_qualname, inner)

    def _is_librarys(self, code: CodeType) -> bool:
        return self._sites.is_foreign(code) or is_installed(code.co_filename)

    def _generator_call(self, call: Any, kind: str) -> tuple[int, int]:
        """What runs an asynchronous generator up to its next item or to its end, by the generator's name.

        The loop makes a task that closes one when the program has dropped it. When no task is left, that belongs to the
        shutdown.
        """
        if kind == _CLOSING and not self._tasks.steps:
            return HIDDEN, NONE
        generator, *given = gc.get_referents(call) or [None]
        if not isinstance(generator, AsyncGeneratorType):
            return self._named(kind, None), NONE
        name = f"{generator.__qualname__}.{_CALLS[kind][bool(given)]}"
        return self._named(name, generator), self._sites.of_definition(generator.ag_code)


def _given(coroutine: CoroutineType[Any, Any, Any]) -> CoroutineType[Any, Any, Any] | None:
    """The coroutine among the arguments of one that has not begun, or among what its `self` holds."""
    frame = coroutine.cr_frame
    if frame is None or getcoroutinestate(coroutine) != CORO_CREATED:
        return None
    held = dict(frame.f_locals)
    owner = held.get("self")
    names = (*getattr(owner, "__dict__", ()), *getattr(type(owner), "__slots__", ()))
    values = (*held.values(), *(getattr(owner, name, None) for name in names))
    return next((value for value in values if isinstance(value, CoroutineType)), None)


def _module_of(runs: Any) -> str:
    """The module of what a coroutine or a generator runs, as far as its frame tells."""
    frames = (getattr(runs, name, None) for name in ("cr_frame", "gi_frame", "ag_frame"))
    frame = next(filter(None, frames), None)
    return "" if frame is None else str(frame.f_globals.get("__name__", ""))
