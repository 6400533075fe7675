"""Flight: how many tasks there were, over any stretch of time, without looking at every task again."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from operator import sub

from asyncdemo.timeline.stretch import Window
from asyncdemo.trace import Trace

MOST = 2**63
"""Sums below this take eight bytes each."""


class Flight:
    """The tasks in existence, counted at the cost of two searches.

    Args:
        trace: a finished recording.
    """

    def __init__(self, trace: Trace) -> None:
        self._begun = Moments(trace.tasks.created_ns)
        self._ended = Moments(trace.tasks.ended_ns)

    def at(self, t_ns: int) -> int:
        """How many tasks there were at `t_ns`."""
        return self._begun.upto(t_ns) - self._ended.upto(t_ns)

    def averages(self, window: Window) -> list[float]:
        """How many there were, on average over each cell."""
        edges = window.edges()
        lived = map(sub, self._begun.since_ns(edges), self._ended.since_ns(edges))
        return [(after - before) / window.cell_ns for before, after in pairwise(lived)]


class Moments:
    """Moments in order, and their running sums."""

    def __init__(self, moments: Iterable[int]) -> None:
        self._moments = array("q", sorted(moments))
        farthest = max(map(abs, (*self._moments[:1], *self._moments[-1:])), default=0)
        sums = accumulate(self._moments, initial=0)
        self._sums: Sequence[int] = array("q", sums) if len(self._moments) * farthest < MOST else list(sums)

    def upto(self, t_ns: int) -> int:
        """How many had come by `t_ns`."""
        return bisect_right(self._moments, t_ns)

    def since_ns(self, edges_ns: Iterable[int]) -> Iterator[int]:
        """For each of some times in their order, the sum of what had passed by then since each moment before it."""
        moments, sums, passed = self._moments, self._sums, 0
        for edge in edges_ns:
            passed = bisect_right(moments, edge, passed)
            yield passed * edge - sums[passed]
