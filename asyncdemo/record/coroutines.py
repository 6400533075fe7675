"""What a task's coroutine is called and where it is defined."""

from __future__ import annotations

import gc
from types import AsyncGeneratorType
from typing import Any

from asyncdemo.record.sites import SiteBook, Strings
from asyncdemo.record.tables import TaskRows
from asyncdemo.trace import NONE

HIDDEN = -9
"""Stands for tasks that are left out: those that asyncio makes to shut a loop down."""

_CLOSING = "async_generator_athrow"
_CALLS = {_CLOSING: ("aclose", "athrow"), "async_generator_asend": ("__anext__", "asend")}
"""By the type of what a call of an asynchronous generator's method gives: the method without and with an argument."""
_SHUTDOWN = ("shutdown_asyncgens", "shutdown_default_executor")


class CoroutineBook:
    """Names and definitions of coroutines, looked up once for each function."""

    def __init__(self, strings: Strings, sites: SiteBook, tasks: TaskRows) -> None:
        self._strings = strings
        self._sites = sites
        self._tasks = tasks
        self._known: dict[int, tuple[int, int]] = {}

    def of(self, coroutine: Any) -> tuple[int, int]:
        """String and site of a coroutine's function; `HIDDEN` in place of the string when it is to be left out."""
        try:
            return self._known[id(coroutine.cr_code)]
        except (AttributeError, KeyError):
            return self._new(coroutine)

    def _new(self, coroutine: Any) -> tuple[int, int]:
        kind = type(coroutine).__name__
        if kind in _CALLS:
            return self._generator_call(coroutine, kind)
        code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
        of_code = getattr(code, "co_qualname", None)
        name = str(of_code or getattr(coroutine, "__qualname__", type(coroutine).__qualname__))
        coro = HIDDEN if name.endswith(_SHUTDOWN) else self._strings.intern(name)
        if code is None:
            return coro, NONE
        found = self._known[id(code)] = coro, self._sites.of_definition(code)
        return found

    def _generator_call(self, call: Any, kind: str) -> tuple[int, int]:
        """What runs an asynchronous generator up to its next item or to its end, by the generator's name.

        The loop makes a task that closes one when the program has dropped it. When no task is left, that belongs to the
        shutdown.
        """
        if kind == _CLOSING and not self._tasks.steps:
            return HIDDEN, NONE
        generator, *given = gc.get_referents(call) or [None]
        if not isinstance(generator, AsyncGeneratorType):
            return self._strings.intern(kind), NONE
        name = f"{generator.__qualname__}.{_CALLS[kind][bool(given)]}"
        return self._strings.intern(name), self._sites.of_definition(generator.ag_code)
