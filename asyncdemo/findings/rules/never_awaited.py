"""A coroutine function was called and nobody awaited what the call gave: nothing of it ran.

Python says so on stderr as it frees the object, often far from the call. Here the line is the one that made it; where
the recording did not look that closely, the one in which it was dropped.

Write `await`, or make a task of it and keep that.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.losses import losses
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import Loss

ID = "AD201"
NAME = "never awaited"
SEVERITY = Severity.ERROR
CONCEPT = "forgotten-await"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line that made such coroutines."""
    for group in losses(facts, Loss.NEVER_AWAITED, lambda row, table: table.made[row]):
        table, first = facts.trace.losses, group.rows[0]
        what, made = facts.trace.text(table.what[first]), table.made[first]
        site = made if made >= 0 else table.site[first]
        where = "" if made >= 0 else " here, where the coroutine was dropped"
        times = f", {len(group.rows):,} times" if len(group.rows) > 1 else ""
        proof = facts.at("Python freed it, or the run ended", table.t_ns[first], table.task[first])
        yield rule.finding(facts, site, f"{what}() was called and never awaited{where}{times}", proof)
