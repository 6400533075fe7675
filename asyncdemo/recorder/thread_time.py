"""How much a thread has computed, told from the time in which it slept or stood in the queue for a processor."""

from __future__ import annotations

import os
import time
from contextlib import suppress

from asyncdemo.compiled import hot, numbers, objects
from asyncdemo.recorder.clock import SECOND

UNTOLD_S = 0.002
"""A thread that computed all the time but for less than this has hardly queued since it was last asked for."""
_LOOKS = ("at", "ran", "computed", "earlier_at", "earlier_ran", "earlier_computed")
_KINDS = dict.fromkeys((*_LOOKS, "read_at", "computed_then", "queued"), float)


class ThreadTime(numbers(object, thread=int, **_KINDS)):  # type: ignore[misc]
    """Looks at a thread from another one.

    What a thread has computed is read without letting go of the interpreter. How long it has queued is in a file of the
    system's: each call for it lets the program run and then waits for its turn again, which a program that waits for
    sockets would feel. It is read only when the thread may have queued since.

    Attributes:
        thread: the system's number of the thread.
        at: when it was last met, in seconds, or 0.
        ran: what `look` told then ...
        computed: ... of both times.
        earlier_at: when it was last met before what ran at the last look had begun, ...
        earlier_ran: ... and what `look` told then ...
        earlier_computed: ... of both times.
        read_at: when the file was read, ...
        computed_then: ... what the thread had computed by then ...
        queued: ... and how long it had queued.
    """

    __slots__ = objects()
    thread: int
    at: float
    ran: float
    computed: float
    earlier_at: float
    earlier_ran: float
    earlier_computed: float
    read_at: float
    computed_then: float
    queued: float

    def __init__(self) -> None:
        self.follow(0)

    def follow(self, thread: int) -> None:
        """Looks at this thread from now on; what is watched without the interpreter's lock must not be replaced."""
        self.thread = thread
        for name in _KINDS:
            setattr(self, name, 0.0)

    def look(self, now: float) -> tuple[float, float] | None:
        """The time that the thread did not queue up to `now`, and what it has computed, both in seconds.

        They count from unknown moments: only differences between two looks at one thread mean something.

        Args:
            now: the real time, in seconds.

        Returns:
            None when the system tells nothing: only Linux does, of a thread that lives.
        """
        try:
            computed = time.clock_gettime(_clock_of(self.thread))
        except (AttributeError, OSError):
            return None
        if now - self.read_at - (computed - self.computed_then) > UNTOLD_S:
            self.queued, self.read_at, self.computed_then = _queued_s(self.thread), now, computed
        return now - self.queued, computed

    def meet(self, now: float, since: float) -> tuple[float, float] | None:
        """Looks, and keeps that.

        Args:
            now: the real time, in seconds.
            since: when what runs had begun, or what ran last: the last look before that is kept as well.
        """
        times = self.look(now)
        if times is not None:
            if self.at <= since:
                self.earlier_at, self.earlier_ran, self.earlier_computed = self.at, self.ran, self.computed
            (self.ran, self.computed), self.at = times, now
        return times

    def before(self, start: float) -> tuple[float, float] | None:
        """What the last look told before something began to run that has just ended, or None when there was none."""
        at, times = self.at, (self.ran, self.computed)
        if at > start or at != self.at:  # another look came in between
            at, times = self.earlier_at, (self.earlier_ran, self.earlier_computed)
        return times if 0 < at <= start else None


if hot:
    hot.learn("thread time", ThreadTime)


def _clock_of(thread: int) -> int:
    """The clock of what a thread has computed, as Linux numbers them (`include/linux/posix-timers.h`).

    `pthread_getcpuclockid` gives the same, but must not be asked for a thread that has ended.
    """
    return ~thread << 3 | 6


def _queued_s(thread: int) -> float:
    with suppress(OSError, ValueError):
        told = os.open(f"/proc/self/task/{thread}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return int(os.read(told, 128).split()[1]) / SECOND
        finally:
            os.close(told)
    return 0.0
