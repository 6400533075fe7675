"""What blocked the loop, for the rules that tell waiting from computing."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.model import Finding, Rule
from asyncdemo.trace import NONE, Trace

LEAST_NS = 100_000_000
MOST_COLLECTED = 0.5
"""A stall of which the garbage collector took more than this part is not the line's doing."""
LATE_NS = 1_000_000
"""A task that had to wait for less than this is not counted."""
COMPUTING = 50
"""Percent of the time that a thread has to compute to be called computing."""


def computes(trace: Trace, stall: int) -> bool:
    """Whether what held the loop computed; False when that is not known."""
    return trace.stalls.computed[stall] >= COMPUTING


def found(rule: Rule, facts: Facts, verb: str, wanted: Callable[[int], bool]) -> Iterator[Finding]:
    """One finding for each line of the program's that held the loop: its longest time, and how often."""
    stalls, by_line = facts.trace.stalls, defaultdict[int, list[int]](list)
    for row in range(len(stalls)):
        length, collected = stalls.end_ns[row] - stalls.start_ns[row], stalls.gc_ns[row]
        if length >= LEAST_NS and collected <= MOST_COLLECTED * length and wanted(row):
            site = stalls.site[row]
            by_line[site if site >= 0 else _defined(facts, stalls.task[row])].append(row)
    for site, rows in by_line.items():
        yield _finding(rule, facts, verb, site, rows)


def _defined(facts: Facts, task: int) -> int:
    return facts.trace.tasks.defined[task] if task >= 0 else NONE


def _finding(rule: Rule, facts: Facts, verb: str, site: int, rows: list[int]) -> Finding:
    stalls, trace = facts.trace.stalls, facts.trace
    longest = max(rows, key=lambda row: stalls.end_ns[row] - stalls.start_ns[row])
    start, end, task = stalls.start_ns[longest], stalls.end_ns[longest], stalls.task[longest]
    who = facts.function(site) or (facts.task(task) if task >= 0 else "a callback")
    doing = trace.text(stalls.doing[longest])
    message = f"{who} {verb} {took(end - start)}{f' in {doing}' if doing.endswith(')') else ''}{_waited(facts, rows)}"
    total = sum(stalls.end_ns[row] - stalls.start_ns[row] for row in rows)
    if len(rows) > 1:
        message += f"; {len(rows)} times, {took(total)} in all"
    proof = facts.span(_step(facts, task, start), start, end, task, _row(facts, task, start))
    return rule.finding(facts, site, message, proof, cost_ns=total)


def _waited(facts: Facts, rows: list[int]) -> str:
    number = max(_victims(facts)[row] for row in rows)
    if not number:
        return ""
    return f"; {number:,} task{' was' if number == 1 else 's were'} ready and waited"


def _row(facts: Facts, task: int, start: int) -> int:
    rows = facts.steps_of(task) if task >= 0 else []
    return next((row for row in rows if facts.trace.steps.start_ns[row] == start), NONE)


def _step(facts: Facts, task: int, start: int) -> str:
    if task < 0:
        return "a callback"
    number = sum(facts.trace.steps.start_ns[row] <= start for row in facts.steps_of(task))
    return f"step {number} of {facts.task(task)}"


def _victims(facts: Facts) -> list[int]:
    """For each stall how many tasks became ready while it lasted and had to wait for its end."""
    if "victims" not in facts.known:
        facts.known["victims"] = _count_victims(facts)
    found: list[int] = facts.known["victims"]
    return found


def _count_victims(facts: Facts) -> list[int]:
    stalls, steps = facts.trace.stalls, facts.trace.steps
    order = sorted(range(len(stalls)), key=lambda row: stalls.start_ns[row])
    starts = [stalls.start_ns[row] for row in order]
    waiting: list[set[int]] = [set() for _ in order]
    if not order:
        return []
    for task, ready, start, late in zip(steps.task, steps.ready_ns, steps.start_ns, facts.late_ns, strict=True):
        if late >= LATE_NS:
            place = bisect_right(starts, ready) - 1
            if place >= 0 and ready < stalls.end_ns[order[place]] <= start and task != stalls.task[order[place]]:
                waiting[order[place]].add(task)
    counts = [0] * len(order)
    for place, row in enumerate(order):
        counts[row] = len(waiting[place])
    return counts
