"""One step or callback kept the loop for 100 ms or more without computing: it waited for something in a blocking call.

While it did, no other task ran, no timer went off and no cancellation arrived. The line is the one that a watching
thread saw while it lasted.

Await what can be awaited (`asyncio.sleep` for `time.sleep`, an asyncio library for a blocking one), and hand the rest
to a thread with `asyncio.to_thread`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.findings.stalls import computes, found

ID = "AD101"
NAME = "blocked loop"
SEVERITY = Severity.WARNING
CONCEPT = "blocking"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """The lines that blocked the loop, each with its longest time."""
    return found(rule, facts, "held the loop for", lambda stall: not computes(facts.trace, stall))
