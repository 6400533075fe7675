"""A task was still at work when the main coroutine returned, and was cancelled as the loop closed.

`asyncio.run` cancels what is left. Whatever such a task had yet to do is not done, and nothing says so.

Await it, cancel it yourself when it is no longer needed, or start it in a `TaskGroup`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import NONE, Actor, Outcome

ID = "AD204"
NAME = "left at exit"
SEVERITY = Severity.WARNING
CONCEPT = "tasks"


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each line that made such tasks."""
    trace, by_line = facts.trace, dict[int, list[int]]()
    for task, by in enumerate(trace.tasks.cancelled_by):
        if by == Actor.PROGRAM and _lost_work(facts, task):
            by_line.setdefault(trace.tasks.site[task], []).append(task)
    for site, tasks in by_line.items():
        main, first = _main(facts, tasks[0]), tasks[0]
        message = (
            f"{facts.tasks(tasks)} had not ended when {facts.task(main)} returned, and the closing loop cancelled it"
        )
        if len(tasks) > 1:
            message = message.removesuffix("it") + "them"
        proof = facts.at(f"{facts.task(main)} returned", trace.tasks.ended_ns[main], main)
        made = facts.at(f"{facts.task(first)} was made", trace.tasks.created_ns[first], first)
        yield rule.finding(facts, site, message, made, proof)


def _lost_work(facts: Facts, task: int) -> bool:
    """Whether a task is the program's own, and its main task had returned by the time that it was cancelled."""
    tasks = facts.trace.tasks
    main = _main(facts, task)
    returned = main not in {NONE, task} and tasks.outcome[main] == Outcome.RETURNED
    own = facts.is_own(tasks.site[task]) and task not in facts.libraries
    return own and returned and tasks.ended_ns[main] <= tasks.ended_ns[task]


def _main(facts: Facts, task: int) -> int:
    """The last task that code outside the loop ran, in the same loop."""
    return facts.last_mains.get(facts.trace.tasks.loop[task], NONE)
