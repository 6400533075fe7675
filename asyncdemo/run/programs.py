"""What runs a concept's `main`: a runner of asyncio's, or `trio.run` for a concept of trio's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from types import ModuleType
from typing import Any, Protocol

from asyncdemo.errors import UNAVAILABLE, AsyncdemoError
from asyncdemo.recorder.clock import Clock, VirtualClock
from asyncdemo.recorder.trio_runs import cancel_main, refuse


class Program(Protocol):
    """A `main` that can be run once."""

    def run(self) -> None:
        """Runs it in a fresh loop, until both have ended.

        Raises:
            AsyncdemoError: the loop is not available here (exit code 3), or the clock refused what it does.
            BaseException: whatever it raised.
        """

    def interrupt(self) -> None:
        """Does what a first Ctrl+C does: cancels it, from a signal handler."""

    def was_cancelled(self, error: BaseException) -> bool:
        """Whether `error`, which ended it, is what a cancellation comes to."""


def program_of(module: ModuleType, params: Mapping[str, Any], clock: Clock, loop: str) -> Program:
    """`main(**params)` of a concept's module, to be run on a loop of the kind `loop`, under `clock`.

    A module that imports trio has a `main` for `trio.run`, whose loop is trio's own.

    Raises:
        AsyncdemoError: trio is to run on uvloop (exit code 3) or in virtual time (2).
    """
    if "trio" not in vars(module):
        return _OnAsyncio(module, params, clock, loop)
    if loop == "uvloop":
        raise AsyncdemoError(
            "trio was to run on uvloop, which is a loop for asyncio.\n"
            "It has a loop of its own, which cannot be replaced.\n"
            "Leave --loop out.",
            UNAVAILABLE,
        )
    if isinstance(clock, VirtualClock):
        refuse(clock)
    return _OnTrio(module, params)


class _OnAsyncio:
    def __init__(self, module: ModuleType, params: Mapping[str, Any], clock: Clock, loop: str) -> None:
        self._runner = asyncio.Runner(loop_factory=lambda: clock.new_event_loop(loop))
        self._main = module.main(**params)

    def run(self) -> None:
        try:
            with self._runner:
                self._runner.run(self._main)
        except AsyncdemoError:
            self._main.close()
            raise

    def interrupt(self) -> None:
        """Cancels the main task, as `asyncio.Runner` does it."""
        loop = self._runner.get_loop()
        for task in asyncio.all_tasks(loop):
            if task.get_coro() is self._main:
                task.cancel()
                loop.call_soon_threadsafe(lambda: None)

    def was_cancelled(self, error: BaseException) -> bool:
        return isinstance(error, asyncio.CancelledError)


class _OnTrio:
    """It is an instrument of the run, to learn of its beginning."""

    def __init__(self, module: ModuleType, params: Mapping[str, Any]) -> None:
        self._trio = module.trio
        self._main = partial(module.main, **params)
        self._token: Any = None

    def run(self) -> None:
        self._trio.run(self._main, instruments=[self])

    def before_run(self) -> None:
        """The run begins."""
        self._token = self._trio.lowlevel.current_trio_token()

    def interrupt(self) -> None:
        if self._token is not None:
            with suppress(self._trio.RunFinishedError):
                self._token.run_sync_soon(cancel_main, self._trio)

    def was_cancelled(self, error: BaseException) -> bool:
        if isinstance(error, BaseExceptionGroup):
            return all(map(self.was_cancelled, error.exceptions))
        return isinstance(error, self._trio.Cancelled)
