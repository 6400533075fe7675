"""Follow a recording that goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from asyncdemo.events import Event, Events
from asyncdemo.ticker import Ticker
from asyncdemo.trace import Trace


class Recording(Protocol):
    """What can be followed: a recorder."""

    def snapshot(self, cursor: Any = None) -> tuple[Trace, Any]:
        """What is recorded by now, the steps being those since `cursor`, and the next cursor."""


class Follower:
    """Hands on the events of a recording in time order, as they happen, from a thread that the program does not see.

    Args:
        recording: what to follow.
        deliver: gets the events that are new and the snapshot that they are from; what it raises ends the following.
        interval_s: seconds between two looks, above 0.
    """

    def __init__(
        self, recording: Recording, deliver: Callable[[Iterable[Event], Trace], object], interval_s: float = 0.1
    ) -> None:
        self._recording = recording
        self._deliver = deliver
        self._events = Events()
        self._cursor: Any = None
        self._ticker = Ticker(interval_s, self._look, interval_s)
        self._stopped = False
        self._last_fault: BaseException | None = None

    @property
    def fault(self) -> BaseException | None:
        """What ended the following early, or None."""
        return self._ticker.fault or self._last_fault

    def start(self) -> None:
        """Begin."""
        self._ticker.start()

    def stop(self, trace: Trace) -> None:
        """Hand on what is left of the finished trace, on the calling thread; nothing a second time or after a fault."""
        self._ticker.stop()
        if self._stopped or self.fault:
            return
        self._stopped = True
        try:
            self._deliver(self._events.finish(trace), trace)
        except Exception as fault:  # noqa: BLE001 - a fault here never ends the program
            self._last_fault = fault

    def _look(self) -> None:
        trace, self._cursor = self._recording.snapshot(self._cursor)
        self._deliver(self._events.feed(trace), trace)
