"""A task waits for a bare future that nobody is left to complete.

Nothing could happen any more, no timer, no socket, no thread and no signal: whoever was to call `set_result` has ended
or was never started. Only `check`, and what `check --save` wrote, knows of such moments.

Complete futures whatever happens, with `set_exception` where the work failed, and wait for them with a time-out.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.hangs import hangs
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import NONE, Wait

ID = "AD303"
NAME = "orphaned future"
SEVERITY = Severity.ERROR
CONCEPT = "callbacks"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line that waits for such futures."""
    for hang in hangs(facts):
        lines: dict[int, list[int]] = {}
        for task in hang.waits:
            if hang.kind(task) == Wait.FUTURE and hang.cut_by == NONE:
                lines.setdefault(hang.site(task), []).append(task)
        for site, tasks in lines.items():
            verb = "waits" if len(tasks) == 1 else "wait"
            message = f"{facts.tasks(tasks)} {verb} for a future that nobody is left to complete"
            yield rule.finding(facts, site, message, *map(hang.proof, tasks[:3]))
