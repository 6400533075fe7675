"""Flight: how many tasks there were, over any stretch of time, without looking at every task again."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, pairwise

from asyncdemo.timeline.stretch import Window
from asyncdemo.trace import Trace


class Flight:
    """The tasks in existence, counted at the cost of two searches.

    Args:
        trace: a finished recording.
    """

    def __init__(self, trace: Trace) -> None:
        self._begun = _Moments(trace.tasks.created_ns)
        self._ended = _Moments(trace.tasks.ended_ns)

    def at(self, t_ns: int) -> int:
        """How many tasks there were at `t_ns`."""
        return self._begun.upto(t_ns) - self._ended.upto(t_ns)

    def averages(self, window: Window) -> list[float]:
        """How many there were, on average over each cell."""
        edges = (window.start_ns + column * window.cell_ns for column in range(window.columns + 1))
        lived = [self._begun.since_ns(edge) - self._ended.since_ns(edge) for edge in edges]
        return [(after - before) / window.cell_ns for before, after in pairwise(lived)]


class _Moments:
    """Moments in order, and their running sums."""

    def __init__(self, moments: Iterable[int]) -> None:
        self._moments = array("q", sorted(moments))
        self._sums = list(accumulate(self._moments, initial=0))

    def upto(self, t_ns: int) -> int:
        """How many had come by `t_ns`."""
        return bisect_right(self._moments, t_ns)

    def since_ns(self, t_ns: int) -> int:
        """The sum of the times from each that had come by then until `t_ns`."""
        passed = self.upto(t_ns)
        return passed * t_ns - self._sums[passed]
