"""Awaits stand in a row, or in a loop, and none needs what the others give: together they would take as long as one.

This is an inference. That the calls do not depend on one another is read from the source: none uses a name that another
one binds, and they are written alike. Whether they may overlap (a server's limit, an order that matters) only you
know. The time that it would save is computed from the waits that were recorded.

It takes a run of `check`, or a recording that `check --save` wrote: only there all lines that led to a wait are noted,
and not just the innermost one, as `run` and concepts do.

Start them together: `asyncio.gather(...)` or a `TaskGroup`, with a semaphore where too many at once would hurt.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.findings.rows import Run, runs

ID = "AD401"
NAME = "awaits in a row"
SEVERITY = Severity.WARNING
CONCEPT = "gather"

LEAST_NS = 10_000_000
LEAST_SHARE = 0.1
"""What would be saved has to be that long, and such a part of the whole run."""


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each group of statements whose awaits could have overlapped, with what that would have saved."""
    best: dict[tuple[str, int], Run] = {}
    for run in runs(facts):
        known = best.get((run.file, run.line))
        if known is None or run.saved_ns > known.saved_ns:
            best[run.file, run.line] = run
    for run in best.values():
        if run.saved_ns >= max(LEAST_NS, LEAST_SHARE * facts.trace.duration_ns):
            yield _finding(rule, facts, run)


def _finding(rule: Rule, facts: Facts, run: Run) -> Finding:
    first, last = run.spans[0], run.spans[-1]
    where = "in a loop, one by one" if run.loop else f"in a row, on lines {', '.join(map(str, run.lines))}"
    message = f"{facts.task(run.task)} awaits {run.called}() {len(run.spans)} times {where}; "
    if run.called == "":
        message = f"{facts.task(run.task)} awaits {len(run.spans)} calls {where}; "
    message += f"together they would have saved {took(run.saved_ns)} (computed)"
    total = took(sum(end - start for start, end in run.spans))
    proof = facts.span(f"{len(run.spans)} waits, {total} in all", first[0], last[1], run.task)
    return rule.finding(facts, run.site, message, proof, certain=False, cost_ns=run.saved_ns)
