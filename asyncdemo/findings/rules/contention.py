"""Tasks stood in line for a lock at this line: how long in all, and which lines held it meanwhile.

Where several lines take one lock the slow one and those that suffer are often far apart. The waiting of all tasks at
a line is added up, and divided among the lines that held the lock in those moments. That is a note: a lock is there to
make others wait.

Shorten what the holding line does within the lock, or give the lines a lock each where they protect different things.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.locks import held, locks
from asyncdemo.findings.model import Finding, Rule, Severity

ID = "AD502"
NAME = "contention"
SEVERITY = Severity.NOTE
CONCEPT = "lock"

LEAST_NS = 10_000_000
LEAST_SHARE = 0.05
"""All tasks at a line together have to wait that long, and such a part of the run."""
MOST_LINES = 20
"""So many of the lines that hold a lock are told apart, those that hold it longest."""
MOST_TOLD = 3


class _Holding:
    """How long a line had held a lock by any moment. A lock is held by one task at a time."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        spans.sort()
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]
        self._before = [0, *accumulate(end - start for start, end in spans)]

    @property
    def total_ns(self) -> int:
        return self._before[-1]

    def by(self, t_ns: int) -> int:
        row = bisect_left(self._starts, t_ns)
        return self._before[row] - (max(0, self._ends[row - 1] - t_ns) if row else 0)


class _Waiting(NamedTuple):
    """A wait for a lock: row of `Trace.holds`, since when and until when."""

    row: int
    asked_ns: int
    from_ns: int


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line that waited for a lock, unless its holding the lock itself is told by AD501."""
    holds, by_lock = facts.trace.holds, defaultdict[int, list[int]](list)
    known = locks(facts)
    for row, resource in enumerate(holds.resource):
        if resource in known:
            by_lock[resource].append(row)
    across = {each.resource for each in held(facts)}
    for resource, rows in by_lock.items():
        if resource not in across or len({holds.site[row] for row in rows}) > 1:
            yield from _of_lock(rule, facts, resource, rows)


def _of_lock(rule: Rule, facts: Facts, resource: int, rows: list[int]) -> Iterator[Finding]:
    holds = facts.trace.holds
    waits, spans = defaultdict[int, list[_Waiting]](list), defaultdict[int, list[tuple[int, int]]](list)
    for row in rows:
        spans[holds.site[row]].append((holds.from_ns[row], holds.to_ns[row]))
        if holds.from_ns[row] > holds.asked_ns[row]:
            waits[holds.site[row]].append(_Waiting(row, holds.asked_ns[row], holds.from_ns[row]))
    held_by = sorted(((site, _Holding(own)) for site, own in spans.items()), key=lambda each: -each[1].total_ns)
    for site, own in waits.items():
        total = sum(each.from_ns - each.asked_ns for each in own)
        if facts.is_own(site) and total >= max(LEAST_NS, LEAST_SHARE * facts.trace.duration_ns):
            yield _finding(rule, facts, resource, site, own, held_by[:MOST_LINES])


def _finding(
    rule: Rule, facts: Facts, resource: int, site: int, waits: list[_Waiting], held_by: list[tuple[int, _Holding]]
) -> Finding:
    trace, total = facts.trace, sum(each.from_ns - each.asked_ns for each in waits)
    shares = [
        (sum(holding.by(each.from_ns) - holding.by(each.asked_ns) for each in waits), holder)
        for holder, holding in held_by
    ]
    told = [
        f"{'this line' if holder == site else trace.site_text(holder) or 'a line not known'} for {took(share)} of that"
        for share, holder in sorted(shares, reverse=True)[:MOST_TOLD]
        if share > 0
    ]
    longest = max(waits, key=lambda each: each.from_ns - each.asked_ns)
    name = trace.text(trace.resources.name[resource])
    often = "once" if len(waits) == 1 else f"{len(waits):,} times"
    message = f"{name} was waited for here {often}, {took(total)} in all; it was held by {', '.join(told)}"
    task = trace.holds.task[longest.row]
    proof = facts.span(f"{facts.task(task)} waited for {name}", longest.asked_ns, longest.from_ns, task)
    return rule.finding(facts, site, message, proof, cost_ns=total)
