"""Very many tasks ran one tiny step each and never waited for anything: making them took longer than what they did.

A task is worth its price when it waits, for others run meanwhile. One that does not wait is a function call with a
queue before it. What is added up is the time from one creation to the next, where nothing else lay between them, and
from the end of one such step to the beginning of the next. These are times of the recorded run, and recording is part
of them; without it all are shorter, and in about the same proportion.

Call a plain function in a loop, or let each task do a batch of a hundred or a thousand items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import Outcome

ID = "AD104"
NAME = "tiny tasks"
SEVERITY = Severity.WARNING
CONCEPT = "batching"

LEAST_TASKS = 1_000
TINY_NS = 100_000
"""A step that takes longer than that does something, or something came in between."""
LEAST_NS = 2_000_000
LEAST_SHARE = 0.05
"""Making and switching them has to take that long, and such a part of the run."""
MOST_APART_NS = 50_000
"""What takes longer than this between two of them is no overhead: something else ran."""


class _Price(NamedTuple):
    """What tasks cost: in making them, in going from one to the next, and in what they did."""

    making_ns: int
    switching_ns: int
    work_ns: int


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line that made such tasks."""
    tasks, by_line = facts.trace.tasks, defaultdict[int, list[int]](list)
    lives = zip(tasks.steps, tasks.outcome, tasks.started_ns, tasks.ended_ns, strict=True)
    for task, (steps, outcome, started, ended) in enumerate(lives):
        if steps == 1 and outcome == Outcome.RETURNED and ended - started <= TINY_NS:
            by_line[tasks.site[task]].append(task)
    for site, same in by_line.items():
        if len(same) >= LEAST_TASKS and facts.is_own(site):
            price = _price(facts, same)
            overhead = price.making_ns + price.switching_ns
            if overhead >= max(LEAST_NS, LEAST_SHARE * facts.trace.duration_ns, price.work_ns):
                yield _finding(rule, facts, site, same, price)


def _price(facts: Facts, tasks: list[int]) -> _Price:
    created, started = facts.trace.tasks.created_ns, facts.trace.tasks.started_ns
    gaps = (created[later] - created[task] for task, later in pairwise(tasks) if started[task] >= created[later])
    rows = sorted(row for task in tasks for row in facts.steps_of(task))
    start, end = facts.trace.steps.start_ns, facts.trace.steps.end_ns
    switches = (start[later] - end[row] for row, later in pairwise(rows) if later == row + 1)
    return _Price(
        sum(gap for gap in gaps if gap <= MOST_APART_NS),
        sum(gap for gap in switches if 0 < gap <= MOST_APART_NS),
        sum(end[row] - start[row] for row in rows),
    )


def _finding(rule: Rule, facts: Facts, site: int, tasks: list[int], price: _Price) -> Finding:
    first, number = tasks[0], len(tasks)
    of = facts.function(facts.trace.tasks.defined[first])
    message = f"{number:,} tasks{f' of {of}' if of else ''} ran one step each and never waited; making them took"
    message += f" {took(price.making_ns)} and switching {took(price.switching_ns)}, their work {took(price.work_ns)}"
    began, ended = facts.trace.tasks.created_ns[first], max(facts.trace.tasks.ended_ns[task] for task in tasks)
    proof = facts.span(f"{number:,} tasks of one step, {took(price.work_ns // number)} each", began, ended, first)
    return rule.finding(facts, site, message, proof, cost_ns=price.making_ns + price.switching_ns)
