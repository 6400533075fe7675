"""A queue without a limit grew and grew: what is put into it comes faster than it is taken out.

Memory grows with it, and so does the time from putting to taking. A queue that is filled first and emptied afterwards
is not meant, nor one that a burst fills and that then drains.

Give the queue a `maxsize`: `put` then waits, and producers are held back (backpressure).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.timeline import levels
from asyncdemo.trace import NONE

ID = "AD504"
NAME = "queue growth"
SEVERITY = Severity.WARNING
CONCEPT = "queue"

LEAST = 30
"""A queue has to have been so long at most."""
LEAST_SHARE = 0.2
"""It has to have grown for such a part of the run."""
FASTER = 1.5
"""So many times as much has to have come as gone while it grew."""
TAKEN = 3
"""So often something has to have been taken meanwhile, or nothing ever is."""


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """The queues of the program's own that have no limit and grew all the time that they were in use."""
    trace = facts.trace
    for resource, (times, lengths) in levels(trace).items():
        unlimited = trace.resources.limit[resource] == NONE
        if unlimited and facts.is_own(trace.resources.site[resource]) and max(lengths) >= LEAST:
            grown = _grown(times, lengths, trace.duration_ns)
            if grown is not None:
                yield _finding(rule, facts, resource, *grown)


def _grown(times: Sequence[int], lengths: Sequence[int], wall_ns: int) -> tuple[int, int, int, int] | None:
    """Where a queue's growth began and peaked, as (time, length, time, length); None when it did not keep growing."""
    top = max(range(len(lengths)), key=lengths.__getitem__)
    moves = [later - earlier for earlier, later in pairwise(lengths[: top + 1])]
    # Changes that are close to each other are told as one: where it is as long as before, something came and was taken.
    taken = [row for row, move in enumerate(moves) if move <= 0]
    ever = any(later <= earlier for earlier, later in pairwise(lengths))
    if len(taken) < TAKEN and ever:
        return None
    begin = max(0, taken[0] - 1) if taken else 0
    came, gone = sum(move for move in moves[begin:] if move > 0), -sum(move for move in moves[begin:] if move < 0)
    steady = times[top] - times[begin] >= LEAST_SHARE * wall_ns and _halfway(times, lengths, begin, top)
    return (times[begin], lengths[begin], times[top], lengths[top]) if steady and came >= FASTER * gone else None


def _halfway(times: Sequence[int], lengths: Sequence[int], begin: int, top: int) -> bool:
    """Whether a queue grew all the time, and not in one burst: halfway it was neither as before nor as long as ever."""
    middle = (times[begin] + times[top]) // 2
    at = next(row for row in range(begin, top + 1) if times[row] >= middle)
    share = (lengths[at] - lengths[begin]) / max(1, lengths[top] - lengths[begin])
    return 0.2 <= share <= 0.8  # noqa: PLR2004 - a fifth


def _finding(rule: Rule, facts: Facts, resource: int, begin: int, low: int, end: int, high: int) -> Finding:
    trace = facts.trace
    name = trace.text(trace.resources.name[resource])
    message = f"{name} has no limit and grew from {low:,} to {high:,} items in {took(end - begin)}"
    rate = (high - low) / max(1, end - begin) * 1e9
    proof = facts.span(f"{rate:,.0f} items a second more came than went", begin, end)
    return rule.finding(facts, trace.resources.site[resource], message, proof, cost_ns=high - low)
