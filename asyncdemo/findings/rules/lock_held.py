"""A task held a lock while it waited for something slow, and others waited for the lock all that time.

What a lock protects runs one task at a time. A wait within it makes all others wait as well, as if they were awaited
one by one. Where the code within the lock reads shared state before the wait and writes it after, the lock is needed
there; that is a note only. Else this is an inference: whether the wait has to be within the lock, only you know.

Wait first and take the lock after it, or keep several things that each have a lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.locks import Held, held, needs_lock
from asyncdemo.findings.model import Finding, Rule, Severity

ID = "AD501"
NAME = "lock held across await"
SEVERITY = Severity.WARNING
CONCEPT = "lock"

LEAST_NS = 10_000_000
LEAST_SHARE = 0.1
"""All others together have to wait that long for the lock while its holders do, and such a part of the run."""


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each lock that was held at a line across waits for which others had to wait."""
    by_line = defaultdict[tuple[int, int], list[Held]](list)
    for each in held(facts):
        by_line[each.resource, each.site].append(each)
    for (resource, site), holds in by_line.items():
        cost = sum(each.blocked_ns for each in holds)
        if cost >= max(LEAST_NS, LEAST_SHARE * facts.trace.duration_ns):
            yield _finding(rule, facts, resource, site, holds, cost)


def _finding(rule: Rule, facts: Facts, resource: int, site: int, holds: list[Held], cost: int) -> Finding:
    trace, worst = facts.trace, max(holds, key=lambda each: each.blocked_ns)
    name, line = trace.text(trace.resources.name[resource]), trace.site_text(trace.waits.site[worst.wait])
    where = f" at {line}" if line else ""
    slow = trace.text(trace.waits.on[worst.wait])
    others = f"{worst.others:,} other task{'' if worst.others == 1 else 's'}"
    message = f"{name} is held across {slow}{where}, {took(worst.waited_ns)} at a time; up to {others} waited for it"
    message += f", {took(cost)} in all"
    proof = facts.span(f"{facts.task(worst.task)} held it", worst.from_ns, worst.to_ns, worst.task)
    if needs_lock(facts, site):
        return rule.finding(facts, site, message, proof, severity=Severity.NOTE, cost_ns=cost)
    return rule.finding(facts, site, message, proof, certain=False, cost_ns=cost)
