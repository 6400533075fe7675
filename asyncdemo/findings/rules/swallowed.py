"""A task was asked to end, caught its `CancelledError` and went on.

Whoever cancelled it waits, or believes that it has ended. Time-outs and task groups work by cancelling, so a task that
keeps the error breaks them too. One that only returns in place of raising the error on is a note: it ended, but
whoever awaits it cannot tell that it was cancelled. Where a time-out waits in vain AD206 tells it.

Raise the error again after cleaning up; catch `Exception` where the error is not meant, not `BaseException`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from asyncdemo.findings.facts import Facts, moment, took
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.findings.overruns import is_told
from asyncdemo.trace import NONE, Outcome, Wait

ID = "AD205"
NAME = "cancellation swallowed"
SEVERITY = Severity.WARNING
CONCEPT = "cancellation"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each task that went on in spite of a request to end, the worst of each line."""
    found: dict[tuple[int, Severity], list[Finding]] = {}
    requests = _requests(facts)
    for task, unheeded in enumerate(facts.trace.tasks.unheeded):
        if unheeded > 0 and task in requests and task not in facts.libraries:
            finding = _finding(rule, facts, task, requests[task])
            if finding is not None:
                found.setdefault((finding.line, finding.severity), []).append(finding)
    for same in found.values():
        yield max(same, key=lambda each: each.cost_ns)


def _requests(facts: Facts) -> dict[int, int]:
    """By task the row of the first request to end it."""
    found: dict[int, int] = {}
    cancels, hangs = facts.trace.cancels, facts.trace.hangs.t_ns
    for row, (task, t_ns) in enumerate(zip(cancels.task, cancels.t_ns, strict=True)):
        # What ends a program that hangs is not its own doing.
        by_hang = bool(hangs) and t_ns >= hangs[0]
        if not by_hang and not _by_its_group(facts, row) and not is_told(facts, task, t_ns):
            found.setdefault(task, row)
    return found


def _by_its_group(facts: Facts, request: int) -> bool:
    """Whether a task group asked its task to end, for another one failed; it does not always take that back."""
    cancels, parents = facts.trace.cancels, facts.trace.tasks.parent
    by = cancels.by[request]
    return by >= 0 and parents[by] == cancels.task[request] and cancels.site[request] == NONE


def _asked_after(facts: Facts, task: int, t_ns: int) -> bool:
    """Whether a task was asked to end later than that: requests that come before it has run again are one."""
    return any(
        each == task and at > t_ns for each, at in zip(facts.trace.cancels.task, facts.trace.cancels.t_ns, strict=True)
    )


def _finding(rule: Rule, facts: Facts, task: int, request: int) -> Finding | None:
    trace = facts.trace
    asked, ended = trace.cancels.t_ns[request], trace.tasks.ended_ns[task]
    caught, seen_ns, later = NONE, ended, Counter[int]()
    for began, over, wait, step in facts.waits_of(task):
        # It is noted a moment after it has ended the task's wait, and before the task runs.
        noted_by = over if step == NONE else trace.steps.start_ns[step]
        if began <= asked <= noted_by and caught == NONE:
            caught, seen_ns = trace.waits.site[wait], noted_by
        elif began >= asked and facts.kind(wait) not in {Wait.BRIEF, Wait.YIELD}:
            later[trace.waits.site[wait]] += over - began
    went_on, never = later.total(), trace.tasks.outcome[task] == Outcome.PENDING
    if trace.tasks.outcome[task] == Outcome.CANCELLED and not (went_on and _asked_after(facts, task, seen_ns)):
        return None
    by = f" by {trace.actor_text(trace.cancels.by[request])}"
    who = f"{facts.task(task)} was asked to end{by} at {moment(asked)}, caught that and"
    proof = [facts.at(f"{facts.task(task)} was asked to end", asked, task)]
    if went_on or never:
        proof.append(facts.span(f"{facts.task(task)} went on", asked, ended, task))
        until = "never ended" if never else f"went on for {took(ended - asked)}"
        return rule.finding(facts, caught, f"{who} {until}", *proof, cost_ns=ended - asked)
    return rule.finding(facts, caught, f"{who} returned", *proof, severity=Severity.NOTE)
