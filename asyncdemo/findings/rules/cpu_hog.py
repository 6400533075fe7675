"""One step or callback computed for 100 ms or more without giving up control.

Tasks take turns on one thread, so all others stood still. That it computed, and did not wait, is known from the time
that the system counted for the thread.

Computing does not become concurrent by `async`: hand it to a process pool, or cut it into pieces with
`await asyncio.sleep(0)` between them.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.findings.stalls import computes, found

ID = "AD102"
NAME = "CPU hog"
SEVERITY = Severity.WARNING
CONCEPT = "executor"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """The lines that computed while the loop stood still, each with its longest time."""
    return found(rule, facts, "computed for", lambda stall: computes(facts.trace, stall))
