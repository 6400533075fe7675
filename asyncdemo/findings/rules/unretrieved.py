"""A task or a future ended with an exception, and nobody asked for it: the failure went unnoticed.

Python mentions it on stderr when the object goes away, if it goes away before the program does.

Await the task, gather it, or start it in a `TaskGroup`, which raises what its tasks raise.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.losses import losses
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import NONE, Loss

ID = "AD202"
NAME = "exception never retrieved"
SEVERITY = Severity.ERROR
CONCEPT = "exceptions"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line that made tasks whose exceptions got lost."""
    tasks, table = facts.trace.tasks, facts.trace.losses
    for group in losses(facts, Loss.NEVER_RETRIEVED, lambda row, table: _made(facts, table.task[row])):
        first = group.rows[0]
        task, error = table.task[first], facts.trace.text(table.what[first])
        who = facts.task(task) if task >= 0 else "a future"
        more = f", and {len(group.rows) - 1:,} more" if len(group.rows) > 1 else ""
        message = f"{who} ended with {error}{more}; nobody ever asked for its result"
        when = tasks.ended_ns[task] if task >= 0 else table.t_ns[first]
        yield rule.finding(facts, group.site, message, facts.at(f"{who} ended", when, task))


def _made(facts: Facts, task: int) -> int:
    tasks = facts.trace.tasks
    return NONE if task < 0 else tasks.site[task] if tasks.site[task] >= 0 else tasks.defined[task]
