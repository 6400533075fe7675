"""Cohorts: what many tasks did together over any stretch of time, without looking at their steps again."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import chain, compress, pairwise
from operator import sub

from asyncdemo.timeline.flight import Moments
from asyncdemo.timeline.lives import Lives
from asyncdemo.timeline.states import STATES, Piece, State, ending
from asyncdemo.timeline.stretch import Window
from asyncdemo.trace import Outcome

AT_WORK = (State.SLEEP, State.RUN, State.HOLD)
"""Running, or something is under way for it; what it does while it holds something is one of these, too."""


class Cohort:
    """Some tasks of a finished recording.

    Args:
        lives: the recording.
        tasks: the tasks; taking them in costs a pass over their steps.

    Attributes:
        tasks: how many they are.
        ok: how many returned.
        bad: how many ended in another way.
        took_ns: how long those took that ended, the shortest first.
    """

    def __init__(self, lives: Lives, tasks: Sequence[int]) -> None:
        known = lives.trace.tasks
        created, ended = ([column[task] for task in tasks] for column in (known.created_ns, known.ended_ns))
        outcomes = bytes(known.outcome[task] for task in tasks)
        self.tasks = len(tasks)
        self.ok = outcomes.count(Outcome.RETURNED)
        self.bad = len(tasks) - self.ok - outcomes.count(Outcome.PENDING)
        took = (end - start for start, end in zip(created, ended, strict=True))
        self.took_ns = array("q", sorted(compress(took, outcomes)))
        self._there = Moments(created), Moments(ended)
        self._works = _work(lives, tasks)

    def spent(self, window: Window) -> Iterator[tuple[int, int]]:
        """For each cell the nanoseconds that the tasks were at work, and those that they were there, added up."""
        edges = window.edges()
        works, there = (
            pairwise(map(sub, begun.since_ns(edges), over.since_ns(edges)))
            for begun, over in (self._works, self._there)
        )
        for (work, worked), (lived, living) in zip(works, there, strict=True):
            yield worked - work, living - lived


def _work(lives: Lives, tasks: Sequence[int]) -> tuple[Moments, Moments]:
    """When any of the tasks began to be at work, and when it ceased."""
    steps, known = lives.trace.steps, lives.trace.tasks
    rows = list(chain.from_iterable(map(lives.steps, tasks)))
    ends = list(map(steps.end_ns.__getitem__, rows))
    since, left = [0, *ends], list[Piece]()
    first = 0
    for task in tasks:
        reached = since[first] = known.created_ns[task]
        stop = first + len(lives.steps(task))
        reached = ends[stop - 1] if stop > first else reached
        if reached < known.ended_ns[task]:
            left.extend(ending(lives.trace, lives.states, task, reached))
        first = stop
    # The last one stands for `NONE`: before its first step a task is ready.
    works = [*(STATES[kind] in AT_WORK for kind in lives.trace.waits.kind), False]
    waited = list(map(works.__getitem__, map(steps.wait.__getitem__, rows)))
    since = list(compress(since, waited))
    until = map(max, compress(map(steps.ready_ns.__getitem__, rows), waited), since)
    rest = [(start, end) for _, start, end, state, _ in left if state in AT_WORK]
    begun = chain(map(steps.start_ns.__getitem__, rows), since, (start for start, _ in rest))
    return Moments(begun), Moments(chain(ends, until, (end for _, end in rest)))
