"""A time-out ran out and had no effect: what it limits was asked to end, did not heed that, and went on for long.

`wait_for` and `asyncio.timeout` ask by cancelling, and then wait for the end, however long it takes. Code that catches
`CancelledError` (a bare `except`, `except BaseException`, a retry) takes the request for a failure and goes on; whoever
relies on the limit waits with it. On Python 3.11 a `wait_for` over a future, such as that of `gather`, is not seen.

Raise `CancelledError` on. Where the work must not be cut short, wait for it with `asyncio.wait(..., timeout=...)` or
`asyncio.shield`, which give up waiting and leave it alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.findings.overruns import found
from asyncdemo.trace import Outcome

ID = "AD206"
NAME = "time-out ignored"
SEVERITY = Severity.WARNING
CONCEPT = "timeout"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line whose time-outs were not heeded."""
    return found(rule, facts, "caught the request to end", {Outcome.RETURNED, Outcome.RAISED, Outcome.PENDING})
