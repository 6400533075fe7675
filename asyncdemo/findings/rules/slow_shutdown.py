"""The program was to end, and half a second or more went by until its tasks and threads had.

It was to end when the main task returned, or when Ctrl+C asked it to. Then `asyncio.run` cancels the tasks that are
left and waits until each has ended, and waits for the jobs that its threads still run: a thread cannot be cancelled.
The line is where the last of them spent that time. That somebody waited for a thread is an inference: `asyncio.run`
does. What asynchronous generators do as they are closed is not recorded.

Keep cleaning up short, put a time-out around what may hang, end workers before the main task returns, and give jobs in
threads something to look at that tells them to stop.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import NONE, Actor, Outcome, Wait

ID = "AD105"
NAME = "slow shutdown"
SEVERITY = Severity.WARNING
CONCEPT = "signals"

LEAST_NS = 500_000_000
NEARLY = 0.9
"""Whoever went on for that part of the time decided, more than others that only waited for it."""


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each loop that took its time."""
    if len(facts.trace.hangs):  # it could never end by itself, and was ended
        return
    for main in facts.last_mains.values():
        beginning = _begin(facts, main)
        if beginning is None:
            continue
        begin, why = beginning
        tasks, jobs = _tasks(facts, main, begin), _jobs(facts, main, begin)
        by_tasks = max((facts.trace.tasks.ended_ns[task] for task in tasks), default=begin)
        by_jobs = facts.trace.jobs.ended_ns[jobs[-1]] if jobs else begin
        if max(by_tasks, by_jobs) - begin < LEAST_NS:
            continue
        if by_jobs > by_tasks:
            yield _of_job(rule, facts, jobs[-1], begin, why)
        else:
            yield _of_task(rule, facts, tasks[-1], begin, why)


def _begin(facts: Facts, main: int) -> tuple[int, str] | None:
    """When a program was to end, and what that was; None when its loop simply went on after its main task."""
    cancels, loops = facts.trace.cancels, facts.trace.tasks.loop
    requests = zip(cancels.task, cancels.t_ns, cancels.by, strict=True)
    interrupts = [(task, t_ns) for task, t_ns, by in requests if by == Actor.SIGNAL and loops[task] == loops[main]]
    if any(task == main for task, _ in interrupts):
        # What waits for others is asked first, and is seen to be when these have ended.
        return min(t_ns for _, t_ns in interrupts), "the interrupt"
    ended = facts.trace.tasks.ended_ns[main]
    return None if _goes_on(facts, main, ended) else (ended, f"the end of {facts.task(main)}")


def _goes_on(facts: Facts, main: int, ended: int) -> bool:
    """Whether a task of the loop outlived the main one and was not asked to end by whoever closes the loop."""
    tasks, cancels = facts.trace.tasks, facts.trace.cancels
    asked = {task for task, by in zip(cancels.task, cancels.by, strict=True) if by == Actor.PROGRAM}
    lives = zip(tasks.loop, tasks.created_ns, tasks.ended_ns, strict=True)
    return any(
        loop == tasks.loop[main] and created <= ended < over and task not in asked
        for task, (loop, created, over) in enumerate(lives)
    )


def _tasks(facts: Facts, main: int, begin: int) -> list[int]:
    """The tasks of a loop that ended later than that, the one that decided last: rather none that waited for others."""
    tasks = facts.trace.tasks
    late = [
        task
        for task, (loop, ended) in enumerate(zip(tasks.loop, tasks.ended_ns, strict=True))
        if loop == tasks.loop[main] and ended > begin and tasks.outcome[task] != Outcome.PENDING
    ]
    most = max((tasks.ended_ns[task] - begin for task in late), default=0)

    def decided(task: int) -> tuple[bool, int]:
        length = tasks.ended_ns[task] - begin
        return length >= NEARLY * most and not _for_others(facts, task, begin), length

    return sorted(late, key=decided)


def _for_others(facts: Facts, task: int, begin: int) -> bool:
    wait = _longest(facts, task, begin)[2]
    return wait == NONE or facts.kind(wait) == Wait.TASK


def _jobs(facts: Facts, main: int, begin: int) -> list[int]:
    """The jobs of a loop that threads ended later than that, the last one last."""
    jobs, loops = facts.trace.jobs, facts.trace.tasks.loop
    late = [
        job
        for job, (kind, task, ended) in enumerate(zip(jobs.kind, jobs.task, jobs.ended_ns, strict=True))
        if kind == Wait.THREAD and task >= 0 and loops[task] == loops[main] and ended > begin
    ]
    return sorted((job for job in late if jobs.outcome[job] != Outcome.PENDING), key=jobs.ended_ns.__getitem__)


def _longest(facts: Facts, task: int, begin: int) -> tuple[int, int, int]:
    """A task's longest wait after a moment: when it began, when it was over, and the row of `Trace.waits`."""
    waits = [
        (max(began, begin), over, wait) for began, over, wait, _ in facts.waits_of(task) if over > max(began, begin)
    ]
    return max(waits, key=lambda each: each[1] - each[0], default=(begin, begin, NONE))


def _of_task(rule: Rule, facts: Facts, task: int, begin: int, why: str) -> Finding:
    trace = facts.trace
    ended = trace.tasks.ended_ns[task]
    began, over, wait = _longest(facts, task, begin)
    message = f"{took(ended - begin)} went by from {why} to the end of the loop: {facts.task(task)}"
    site = trace.tasks.site[task]
    proof = [facts.span(f"{facts.task(task)} went on", begin, ended, task)]
    if wait == NONE:
        message += " still ran"
    else:
        message += f" waited {took(over - began)} for {_on(facts, wait)}"
        site = trace.waits.site[wait] if trace.waits.site[wait] >= 0 else site
        proof.append(facts.span(f"{facts.task(task)} waited for {_on(facts, wait)}", began, over, task))
    return rule.finding(facts, site, message, *proof, cost_ns=ended - begin)


def _on(facts: Facts, wait: int) -> str:
    waits = facts.trace.waits
    return facts.task(waits.task[wait]) if waits.task[wait] >= 0 else facts.trace.text(waits.on[wait]) or "something"


def _of_job(rule: Rule, facts: Facts, job: int, begin: int, why: str) -> Finding:
    jobs = facts.trace.jobs
    name, task, ended = facts.trace.text(jobs.function[job]), jobs.task[job], jobs.ended_ns[job]
    message = (
        f"{name}() still ran in a thread for {took(ended - begin)} after {why}, and the closing loop waits for that"
    )
    proof = facts.span(f"{name}() ran, started by {facts.task(task)}", jobs.started_ns[job], ended, task)
    return rule.finding(facts, facts.job_site(job), message, proof, certain=False, cost_ns=ended - begin)
