"""Tasks that could have run waited 50 ms or more, for many others ran one after the other, each for a little while.

None of them blocks the loop for long, so no single line stands out; together they leave no room. What is counted are
wake-ups that came late while other tasks computed for a millisecond or more at a time. Many tasks that merely start, or
wake up, at the same moment are not meant.

Let fewer of them run at once, put a pause into each, or move the computing to a process pool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import NONE, Wait

ID = "AD103"
NAME = "starvation"
SEVERITY = Severity.WARNING
CONCEPT = "blocking"

LATE_NS = 50_000_000
LEAST_STEPS = 5
LEAST_STEP_NS = 1_000_000
BUSY = 0.8
"""So much of a delay has to be other tasks' running: the rest may be the machine's."""
MOST_LOOKED_AT = 200


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """The worst delay, and who ran meanwhile."""
    steps, victims = facts.trace.steps, Counter[int]()
    late = [row for row, late in enumerate(facts.late_ns) if late >= LATE_NS and _woken(facts, row)]
    worst: tuple[int, int, Counter[int]] | None = None
    for row in sorted(late, key=lambda row: -facts.late_ns[row])[:MOST_LOOKED_AT]:
        ran = _ran_meanwhile(facts, row)
        if ran is not None:
            victims[steps.task[row]] += 1
            worst = worst or (row, facts.late_ns[row], ran)
    if worst is not None:
        yield _finding(rule, facts, worst, victims)


def _woken(facts: Facts, row: int) -> bool:
    """Whether a step comes after a real wait, and not after the task's creation or `sleep(0)`."""
    wait = facts.trace.steps.wait[row]
    return wait != NONE and facts.kind(wait) not in {Wait.YIELD, Wait.BRIEF}


def _ran_meanwhile(facts: Facts, row: int) -> Counter[int] | None:
    """How long each coroutine function of other tasks ran while a step had to wait; None when that does not explain it."""
    steps, tasks = facts.trace.steps, facts.trace.tasks
    ready, start, own, number = steps.ready_ns[row], steps.start_ns[row], steps.task[row], 0
    ran, longest = Counter[int](), 0
    for other in facts.steps_between(ready, start):
        if steps.task[other] != own and tasks.loop[steps.task[other]] == tasks.loop[own]:
            length = steps.end_ns[other] - steps.start_ns[other]
            ran[tasks.defined[steps.task[other]]] += length
            number, longest = number + 1, max(longest, length)
    total = ran.total()
    small = longest < LATE_NS and number >= LEAST_STEPS and total >= number * LEAST_STEP_NS
    return ran if small and total >= BUSY * (start - ready) else None


def _finding(rule: Rule, facts: Facts, worst: tuple[int, int, Counter[int]], victims: Counter[int]) -> Finding:
    row, late, ran = worst
    steps = facts.trace.steps
    (site, length), *_ = ran.most_common(1)
    who = facts.function(site) or "other tasks"
    others = f"; {len(victims):,} tasks had to wait like that" if len(victims) > 1 else ""
    message = f"{facts.task(steps.task[row])} was ready and waited {took(late)}, while steps of {who} ran {took(length)}"
    proof = facts.span(
        f"step of {facts.task(steps.task[row])} late", steps.ready_ns[row], steps.start_ns[row], steps.task[row], row
    )
    return rule.finding(facts, site, message + others, proof, cost_ns=late)
