"""A time-out ran out, what it limits heeded that, and cleaning up took longer than the time-out allows for.

`wait_for` and `asyncio.timeout` cancel and then wait until everything has been cleaned up: `finally` blocks,
`__aexit__`, the tasks of a group. 2 s over work that cleans up for 3 s end after 5 s.

Keep awaits out of cleaning up, give them a time-out of their own, or let a task of its own do it after the time-out.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.findings.overruns import found
from asyncdemo.trace import Outcome

ID = "AD207"
NAME = "slow cleanup"
SEVERITY = Severity.WARNING
CONCEPT = "timeout"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line whose time-outs were heeded, and late."""
    return found(rule, facts, "was cleaning up", {Outcome.CANCELLED})
