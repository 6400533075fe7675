"""How much a thread has computed, told from the time in which it slept or stood in the queue for a processor."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

from asyncdemo.recorder.clock import SECOND

_UNTOLD_S = 0.002
"""A thread that computed all the time but for less than this has hardly queued since it was last asked for."""


class ThreadTimes:
    """Looks at threads from another one.

    What a thread has computed is read without letting go of the interpreter. How long it has queued is in a file of the
    system's: each call for it lets the program run and then waits for its turn again, which a program that waits for
    sockets would feel. It is read only when the thread may have queued since.
    """

    def __init__(self) -> None:
        self._read: dict[int, tuple[float, float, float]] = {}
        """By thread when its file was read, and what it had computed and queued by then."""

    def look(self, thread: int, now: float) -> tuple[float, float] | None:
        """The time that a living thread did not queue up to `now`, and what it has computed, both in seconds.

        They count from unknown moments: only differences between two looks at one thread mean something. Only Linux
        tells of the queue. Elsewhere a thread on a busy machine seems to compute less than it would.

        Args:
            thread: its `threading.get_ident()`.
            now: the real time, in seconds.

        Returns:
            None when the system tells nothing.
        """
        try:
            computed = time.clock_gettime(time.pthread_getcpuclockid(thread))
        except (AttributeError, OSError):
            return None
        read_at, computed_then, queued = self._read.get(thread, (0.0, 0.0, 0.0))
        if now - read_at - (computed - computed_then) > _UNTOLD_S:
            queued = _queued_s(thread)
            self._read[thread] = now, computed, queued
        return now - queued, computed


def _queued_s(thread: int) -> float:
    known = threading._active.get(thread)  # type: ignore[attr-defined]
    if known is None:
        return 0.0
    with suppress(OSError, ValueError):
        told = os.open(f"/proc/self/task/{known.native_id}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return int(os.read(told, 128).split()[1]) / SECOND
        finally:
            os.close(told)
    return 0.0
