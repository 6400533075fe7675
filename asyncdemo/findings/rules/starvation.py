"""Tasks that could have run waited 50 ms or more, for many others ran one after the other, each for a little while.

None of them blocks the loop for long, so no single line stands out; together they leave no room. What is counted are
wake-ups that came late while other tasks computed for a millisecond or more at a time. Many tasks that merely start, or
wake up, at the same moment are not meant.

Let fewer of them run at once, put a pause into each, or move the computing to a process pool.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from heapq import nlargest
from itertools import accumulate
from operator import sub

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import Wait

ID = "AD103"
NAME = "starvation"
SEVERITY = Severity.WARNING
CONCEPT = "blocking"

LATE_NS = 50_000_000
LEAST_STEPS = 5
LEAST_STEP_NS = 1_000_000
BUSY = 0.8
"""So much of a delay has to be other tasks' running: the rest may be the machine's."""
MOST_LOOKED_AT = 10_000
"""Of more late steps than these the latest are looked at."""


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """The worst delay, and who ran meanwhile."""
    if len(facts.trace.loops) > 1:  # steps of several loops run side by side
        return
    woken = {wait for wait, kind in enumerate(facts.trace.waits.kind) if kind not in {Wait.YIELD, Wait.BRIEF}}
    rows = zip(facts.late_ns, facts.trace.steps.wait, strict=True)
    late = [row for row, (late, wait) in enumerate(rows) if late >= LATE_NS and wait in woken]
    if not late:
        return
    late = nlargest(MOST_LOOKED_AT, late, key=facts.late_ns.__getitem__)
    running = _Running(facts)
    starved = [row for row in late if running.explains(row)]
    if starved:
        yield _finding(rule, facts, starved)


class _Running:
    """How long steps ran between any two moments, and how long the long ones did: sums up to each step."""

    def __init__(self, facts: Facts) -> None:
        lengths = array("q", map(sub, facts.trace.steps.end_ns, facts.trace.steps.start_ns))
        self._facts = facts
        self._ran = array("q", accumulate(lengths, initial=0))
        self._long = array("q", accumulate((length * (length >= LATE_NS) for length in lengths), initial=0))

    def explains(self, row: int) -> bool:
        """Whether many small steps of others, and nothing else, kept a step from running once it was ready."""
        steps = self._facts.trace.steps
        others = self._facts.steps_between(steps.ready_ns[row], steps.start_ns[row])
        first, end = others.start, min(others.stop, row)
        long, number = self._long[end] - self._long[first], end - first
        small = self._ran[end] - self._ran[first] - long
        late = steps.start_ns[row] - steps.ready_ns[row] - long  # who blocks the loop for long is told elsewhere
        return late >= LATE_NS and number >= LEAST_STEPS and small >= max(number * LEAST_STEP_NS, BUSY * late)


def _finding(rule: Rule, facts: Facts, starved: list[int]) -> Finding:
    steps, tasks = facts.trace.steps, facts.trace.tasks
    row = max(starved, key=facts.late_ns.__getitem__)
    task, ran = steps.task[row], Counter[int]()
    for other in facts.steps_between(steps.ready_ns[row], steps.start_ns[row]):
        ran[tasks.defined[steps.task[other]]] += steps.end_ns[other] - steps.start_ns[other]
    (site, length), *_ = ran.most_common(1)
    late, victims = facts.late_ns[row], len({steps.task[each] for each in starved})
    meanwhile = f"while steps of {facts.function(site)} ran {took(length)}"
    message = f"{facts.task(task)} was ready and waited {took(late)}, {meanwhile}"
    if victims > 1:
        message += f"; {victims:,} tasks had to wait like that"
    proof = facts.span(f"step of {facts.task(task)} late", steps.ready_ns[row], steps.start_ns[row], task, row)
    return rule.finding(facts, site, message, proof, cost_ns=late)
