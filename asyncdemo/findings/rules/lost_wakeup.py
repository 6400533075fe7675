"""A task waits to be told something that nobody is left to tell: an event, a notification, an item, room in a queue.

Either it was told before anybody listened (a condition forgets), or it never is. That nobody can is certain: nothing
could happen any more, no timer, no socket, no thread and no signal. Only `check`, and what `check --save` wrote, knows
of such moments.

Set events whatever happens (`finally`), wait for a condition with `wait_for(predicate)`, and end consumers by
cancelling them or with one sentinel each.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.hangs import Hang, hangs
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import NONE, Wait

ID = "AD302"
NAME = "lost wake-up"
SEVERITY = Severity.ERROR
CONCEPT = "event"

NOBODY = {
    Wait.EVENT: "nobody can set it any more",
    Wait.CONDITION: "nobody can notify it any more",
    Wait.BARRIER: "nobody else can come",
    Wait.QUEUE_GET: "nobody can put anything any more",
    Wait.QUEUE_PUT: "nobody can take anything any more",
}


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each thing that tasks wait for in vain."""
    for hang in hangs(facts):
        if hang.cut_by == NONE:
            groups: dict[tuple[int, Wait], list[int]] = {}
            for task in hang.waits:
                groups.setdefault((hang.resource(task), hang.kind(task)), []).append(task)
            for (_, kind), tasks in groups.items():
                if kind in NOBODY and not _consequence(hang, kind):
                    yield _finding(rule, facts, hang, tasks)


def _consequence(hang: Hang, kind: Wait) -> bool:
    """Whether idle consumers or full queues only come of a join or a circle that is told already."""
    queues = kind in {Wait.QUEUE_GET, Wait.QUEUE_PUT}
    return queues and (bool(hang.circles) or any(hang.kind(task) == Wait.QUEUE_JOIN for task in hang.waits))


def _finding(rule: Rule, facts: Facts, hang: Hang, tasks: list[int]) -> Finding:
    verb = "waits" if len(tasks) == 1 else "wait"
    message = f"{facts.tasks(tasks)} {verb} for {hang.on(tasks[0])}; {NOBODY[hang.kind(tasks[0])]}"
    return rule.finding(facts, hang.site(tasks[0]), message, *map(hang.proof, tasks[:3]))
