"""Tasks wait for one another in a circle, or for something that no living task can do: none of them can ever go on.

It is told with the graph of who waited for what and who held it, at the moment from which on nothing could happen: no
task was ready, no timer was set, no socket was watched, no thread and no signal could bring anything. Where only a
time-out ended it, that is said. Only `check`, and what `check --save` wrote, knows of such moments; `run` and concepts
see those that a time-out ended.

Take locks in the same order everywhere, never ask for a lock that the task holds, and call `task_done()` for every item
that was taken from a queue that somebody joins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.hangs import HELD, Hang, hangs
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import NONE, Outcome, Wait

ID = "AD301"
NAME = "deadlock"
SEVERITY = Severity.ERROR
CONCEPT = "lock"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """Circles, joins that nobody can end, and locks that somebody has left behind."""
    for hang in hangs(facts):
        for circle in hang.circles:
            yield _circle(rule, facts, hang, circle)
        for task in hang.waits:
            if hang.kind(task) == Wait.QUEUE_JOIN and hang.cut_by in {NONE, task}:
                yield _join(rule, facts, hang, task)
        yield from _left_behind(rule, facts, hang)


def _circle(rule: Rule, facts: Facts, hang: Hang, circle: list[int]) -> Finding:
    first = circle[0]
    proof = map(hang.proof, circle)
    if len(circle) == 1:
        own = "which it holds itself" if hang.kind(first) in HELD else "which is itself"
        message = f"{facts.task(first)} waits for {hang.on(first)}, {own}{hang.ending}"
        return rule.finding(facts, hang.site(first), message, *proof)
    said = [f"{facts.trace.task_name(task)!r} waits for {hang.on(task)}" for task in circle]
    held = [_held(hang, task) for task in [*circle[1:], first]]
    links = "; ".join(f"{wait}{hold}" for wait, hold in zip(said, held, strict=True))
    return rule.finding(facts, hang.site(first), f"{links}: a circle{hang.ending}", *proof)


def _held(hang: Hang, holder: int) -> str:
    """That this task holds what the one before it in the circle waits for."""
    held = [resource for resource, tasks in hang.holders.items() if holder in tasks]
    return f", held by {hang.facts.trace.task_name(holder)!r}" if held else ""


def _join(rule: Rule, facts: Facts, hang: Hang, task: int) -> Finding:
    number = hang.unfinished.get(task, NONE)
    unfinished = f" ({number:,} unfinished)" if number >= 0 else ""
    message = f"{facts.task(task)} waits for {hang.on(task)}(){unfinished}; no living task will call task_done()"
    others = [other for other in hang.waits if other != task]
    proof = [hang.proof(task), *map(hang.proof, others[:3])]
    return replace(rule.finding(facts, hang.site(task), message + hang.ending, *proof), concept="queue")


def _left_behind(rule: Rule, facts: Facts, hang: Hang) -> Iterator[Finding]:
    """Locks whose holder has ended without giving them back, or whom nobody known holds."""
    for resource in {hang.resource(task) for task in hang.waits if hang.kind(task) in HELD}:
        waiting = [task for task in hang.waits if hang.kind(task) in HELD and hang.resource(task) == resource]
        held = [task for task in hang.holders.get(resource, []) if task not in hang.waits]
        gone = [task for task in held if facts.trace.tasks.outcome[task] != Outcome.PENDING]
        if gone and hang.cut_by == NONE:
            message = f"{facts.tasks(waiting)} {'wait' if len(waiting) > 1 else 'waits'} for {hang.on(waiting[0])}"
            message += f", which {facts.task(gone[0])} held as it ended and never gave back"
            yield rule.finding(facts, hang.site(waiting[0]), message, *map(hang.proof, waiting[:3]))
