"""Time-outs that were left long after they had run out, for what they limit took its time, or did not heed them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from asyncdemo.findings.facts import Facts, moment, took
from asyncdemo.findings.model import Evidence, Finding, Rule
from asyncdemo.trace import NONE, Outcome

LEAST_NS = 100_000_000
LEAST_SHARE = 0.5
"""So long it has to have waited after its time was up, and such a part of the time that it had."""
ENDINGS = {
    Outcome.CANCELLED: "",
    Outcome.RETURNED: ", and then returned as if there were no time-out",
    Outcome.RAISED: ", and then ended with an error of its own",
    Outcome.PENDING: ", and had not ended when the recording did",
}


class Overrun(NamedTuple):
    """A time-out that was left late.

    Attributes:
        row: of `Trace.timeouts`.
        wait: the longest wait after it had run out, as a row of `Trace.waits`.
        longest_ns: how long that took.
    """

    row: int
    wait: int
    longest_ns: int


def overruns(facts: Facts) -> list[Overrun]:
    """The time-outs of the program's own that were left far too late, but for those that a blocked loop held up."""
    if "overruns" not in facts.known:
        facts.known["overruns"] = list(_overruns(facts))
    found: list[Overrun] = facts.known["overruns"]
    return found


def _overruns(facts: Facts) -> Iterator[Overrun]:
    timeouts = facts.trace.timeouts
    for row, (set_ns, out, left) in enumerate(zip(timeouts.set_ns, timeouts.out_ns, timeouts.left_ns, strict=True)):
        least = max(LEAST_NS, LEAST_SHARE * (out - set_ns))
        if left - out >= least and facts.is_own(timeouts.site[row]):
            waits = list(_waits(facts, row))
            if sum(length for length, _ in waits) >= least:
                longest, wait = max(waits)
                yield Overrun(row, wait, longest)


def _waits(facts: Facts, row: int) -> Iterator[tuple[int, int]]:
    """What was waited for after a time-out had run out: how long, and the row of `Trace.waits`."""
    timeouts, tasks = facts.trace.timeouts, facts.trace.tasks
    task, out, left = timeouts.limited[row], timeouts.out_ns[row], timeouts.left_ns[row]
    for began, over, wait, _ in facts.waits_between(task, out, left) if task >= 0 else ():
        yield min(over, left) - max(began, out), wait
    if task >= 0 and timeouts.outcome[row] == Outcome.PENDING and tasks.waiting[task] >= 0:
        ends = [facts.trace.steps.end_ns[step] for step in facts.steps_of(task)[-1:]]
        yield left - max([out, *ends]), tasks.waiting[task]


def is_told(facts: Facts, task: int, t_ns: int) -> bool:
    """Whether a request to end is that of a time-out among `overruns`."""
    if "late" not in facts.known:
        timeouts, late = facts.trace.timeouts, defaultdict[int, list[tuple[int, int]]](list)
        for each in overruns(facts):
            late[timeouts.limited[each.row]].append((timeouts.out_ns[each.row], timeouts.left_ns[each.row]))
        facts.known["late"] = dict(late)
    return any(out <= t_ns <= left for out, left in facts.known["late"].get(task, ()))


def found(rule: Rule, facts: Facts, said: str, outcomes: Collection[Outcome]) -> Iterator[Finding]:
    """One finding for each line whose time-outs ended in one of these ways: its worst one, and how often."""
    timeouts, by_line = facts.trace.timeouts, defaultdict[int, list[Overrun]](list)
    for each in overruns(facts):
        if timeouts.outcome[each.row] in outcomes:
            by_line[timeouts.site[each.row]].append(each)
    for site, same in by_line.items():
        yield _finding(rule, facts, said, site, same)


def _finding(rule: Rule, facts: Facts, said: str, site: int, same: list[Overrun]) -> Finding:
    trace, timeouts = facts.trace, facts.trace.timeouts
    worst = max(same, key=lambda each: timeouts.left_ns[each.row] - timeouts.out_ns[each.row])
    set_ns, out, left = (column[worst.row] for column in (timeouts.set_ns, timeouts.out_ns, timeouts.left_ns))
    on, line = trace.text(trace.waits.on[worst.wait]) or "something", trace.site_text(trace.waits.site[worst.wait])
    who = facts.task(timeouts.limited[worst.row])
    message = f"this time-out of {took(out - set_ns)} was left {took(left - out)} after it had run out: {who} {said}"
    message += f" and waited {took(worst.longest_ns)} for {on}{f' at {line}' if line else ''}"
    message += ENDINGS[Outcome(timeouts.outcome[worst.row])]
    if len(same) > 1:
        message += f"; {len(same):,} times"
    cost = sum(timeouts.left_ns[each.row] - timeouts.out_ns[each.row] for each in same)
    return rule.finding(facts, site, message, *_proof(facts, worst.row), cost_ns=cost)


def _proof(facts: Facts, row: int) -> Iterator[Evidence]:
    timeouts = facts.trace.timeouts
    task, limited = timeouts.task[row], timeouts.limited[row]
    set_ns, out, left = timeouts.set_ns[row], timeouts.out_ns[row], timeouts.left_ns[row]
    yield facts.span(f"the time-out of {facts.task(task)} ran", set_ns, out, task)
    went_on = f"{facts.task(limited)} was asked to end, and went on until {moment(left)}"
    yield Evidence(went_on, limited, NONE, out, left)
