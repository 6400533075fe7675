"""A task was freed while it was still waiting: what was left of it never ran.

The loop keeps only weak references to tasks. A task that nobody else refers to can go away at any time, with whatever
it waits for.

Keep a reference until it has ended: a variable, a set that it leaves in a done callback, or a `TaskGroup`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import Outcome

ID = "AD203"
NAME = "task destroyed"
SEVERITY = Severity.ERROR
CONCEPT = "monitor"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line that made such tasks."""
    trace, by_line = facts.trace, dict[int, list[int]]()
    for task, outcome in enumerate(trace.tasks.outcome):
        if outcome == Outcome.DESTROYED and task not in facts.libraries:
            by_line.setdefault(trace.tasks.site[task], []).append(task)
    for site, tasks in by_line.items():
        first = tasks[0]
        wait = trace.tasks.waiting[first]
        on = f" while it waited for {trace.text(trace.waits.on[wait])}" if wait >= 0 else ""
        message = f"{facts.tasks(tasks)} went away{on}: nobody kept a reference"
        proof = facts.at(f"{facts.task(first)} was freed before its end", trace.tasks.ended_ns[first], first)
        yield rule.finding(facts, site, message, proof)
