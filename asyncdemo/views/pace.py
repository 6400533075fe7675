"""How often a program that is under way is drawn: often while it waits, rarely while it computes."""

from __future__ import annotations

from time import perf_counter_ns, process_time_ns, thread_time_ns
from typing import NamedTuple

WAITING_SHARE = 0.1
"""Of its time a program that only waits is drawn for at most this share."""
BUSY_SHARE = 0.02
"""The same of a program that computes without a pause: while a frame is drawn it stands still."""


class Clocks(NamedTuple):
    """Nanoseconds that have passed, that the process has computed and that this thread has."""

    wall: int
    process: int
    thread: int


def clocks() -> Clocks:
    """What the clocks show."""
    return Clocks(perf_counter_ns(), process_time_ns(), thread_time_ns())


def rest_s(interval_s: float, before: Clocks, begin: Clocks, end: Clocks) -> float:
    """Seconds to rest after a frame.

    Args:
        interval_s: seconds from the beginning of a frame to that of the next at least.
        before: when the frame before ended.
        begin: when this one began, on the same thread as it ended.
        end: when it ended.
    """
    drawn = end.thread - begin.thread
    computed, there_was = end.process - before.process - drawn, end.wall - before.wall - drawn
    busy = min(1.0, computed / there_was) if there_was > 0 else 1.0
    share = WAITING_SHARE + busy * (BUSY_SHARE - WAITING_SHARE)
    return max(interval_s - (end.wall - begin.wall) / 1e9, drawn / 1e9 * (1 / share - 1))
