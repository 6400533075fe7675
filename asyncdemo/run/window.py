"""A recording of a part of a run: it begins and ends while the program goes on."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from asyncdemo.recorder import Recorder
from asyncdemo.ticker import Ticker

_LONG_S = 86_400.0


class Window:
    """Context manager that records as long as the recorder's scope says: all of what runs in it, or a part.

    Args:
        recorder: not yet started; whoever wants the trace stops it.

    Attributes:
        opened: whether the recording has begun.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.opened = False
        self._recorder = recorder
        self._scope = recorder.scope
        self._lock = threading.RLock()
        first_s = self._scope.since_s or self._scope.for_s or _LONG_S
        self._ticker = Ticker(self._scope.for_s or _LONG_S, self._tick, first_s)

    def __enter__(self) -> Self:
        if self._scope.since_s:
            self._recorder.stand_by()
        else:
            self._open()
        if self._scope.is_window:
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self._ticker.stop()
        self._recorder.stop()

    def _tick(self) -> None:
        if self.opened:
            self._recorder.close()
            self._ticker.stop()
            return
        for loop in self._recorder.births.loops():
            # Handed over before the loop is watched: it is to be seen first in its own thread.
            if loop.is_running():
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._enter, loop)
        self._open()

    def _open(self) -> None:
        with self._lock:
            if not self.opened:
                self.opened = True
                self._recorder.start()

    def _enter(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a loop's own thread, takes it in."""
        self._open()
        self._recorder.take_in(loop)
