"""Most of the time of most tasks went into waiting for a slot of one semaphore.

That may be just what the semaphore is for. It is a note, with the figures to judge it by: how many waited at once, and
how long in all. Where the limit stands for nothing outside of the program, a higher one would shorten the run.

Try another limit (`asyncdemo check --what-if limit=N` predicts what it would do), or let fewer tasks exist at once (a
queue with workers), so that the waiting is not in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.timeline import peak

ID = "AD403"
NAME = "bottleneck"
SEVERITY = Severity.NOTE
CONCEPT = "semaphore"

LEAST_NS = 10_000_000
LEAST_WAITING = 3
MORE = 1.0
"""Waiting for it has to take at least this many times as long as holding it, all tasks together."""


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each semaphore of the program's own that tasks waited for longer than they held it."""
    holds, resources = facts.trace.holds, facts.trace.resources
    semaphores = {row for row, kind in enumerate(resources.kind) if "Semaphore" in facts.trace.text(kind)}
    rows = defaultdict[int, list[int]](list)
    for row, resource in enumerate(holds.resource):
        if resource in semaphores and facts.is_own(holds.site[row]):
            rows[resource].append(row)
    for resource, own in rows.items():
        waited = sum(holds.from_ns[row] - holds.asked_ns[row] for row in own)
        held = sum(holds.to_ns[row] - holds.from_ns[row] for row in own)
        most = peak((holds.asked_ns[row], holds.from_ns[row]) for row in own)
        if waited >= max(LEAST_NS, MORE * held) and most >= LEAST_WAITING:
            name, limit = facts.trace.text(resources.name[resource]), resources.limit[resource]
            message = f"{name} of {limit:,} kept up to {most:,} tasks waiting, {took(waited)} in all"
            message += f", while it was held for {took(held)}"
            worst = max(own, key=lambda row: holds.from_ns[row] - holds.asked_ns[row])
            task = holds.task[worst]
            proof = facts.span(f"{facts.task(task)} waited", holds.asked_ns[worst], holds.from_ns[worst], task)
            named = f" of {name}" if len(semaphores) > 1 else ""
            change = f"limit{named}={2 * limit}" if limit > 0 else ""
            yield rule.finding(facts, holds.site[worst], message, proof, cost_ns=waited, change=change)
