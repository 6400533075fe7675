"""A semaphore's slot was given back that nobody had taken: from then on one more task may hold it than was meant.

Such a release stands in a `finally` that is reached without the slot, or follows an `async with` that gives it back
already. Nothing complains: the limit is simply higher, for good.

Use `async with`, which takes and gives back once each, or `BoundedSemaphore`, which refuses what is too much.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.losses import losses
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import Loss

ID = "AD503"
NAME = "stray release"
SEVERITY = Severity.ERROR
CONCEPT = "semaphore"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line that gave slots back too often."""
    table = facts.trace.losses
    for group in losses(facts, Loss.STRAY_RELEASE, lambda row, losses: losses.made[row]):
        first, times = group.rows[0], len(group.rows)
        name = facts.trace.text(table.what[first])
        often = "once" if times == 1 else f"{times:,} times"
        message = f"{name} was released {often} more than it was acquired, so its limit is {times:,} higher for good"
        yield rule.finding(facts, group.site, message, facts.at("released", table.t_ns[first], table.task[first]))
