"""Jobs for a pool of threads or processes waited for a free worker, for longer than they took.

All workers were busy. The pool that asyncio brings has min(32, CPUs + 4) threads for everybody: `to_thread`,
`run_in_executor(None, ...)`, name look-ups and libraries that use them. Slow jobs keep quick ones waiting.

Use a pool of their own for slow jobs, a larger one for jobs that only wait, or an asyncio library in place of threads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from asyncdemo.findings.facts import Facts, took
from asyncdemo.findings.model import Finding, Rule, Severity
from asyncdemo.trace import NONE, Wait

ID = "AD505"
NAME = "pool saturated"
SEVERITY = Severity.WARNING
CONCEPT = "to-thread"

LEAST_NS = 50_000_000
"""The longest wait for a worker has to be that long ..."""
LEAST_SHARE = 0.5
""" ... and all waits together such a part of the time that the jobs took."""
LEAST_JOBS = 3


def find(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """One finding for each kind of pool and function whose jobs had to wait for a worker."""
    jobs, groups = facts.trace.jobs, defaultdict[tuple[int, int], list[int]](list)
    for job, worker in enumerate(jobs.worker):
        if worker != NONE:
            groups[jobs.kind[job], jobs.function[job]].append(job)
    for (kind, function), rows in groups.items():
        queued = {row: jobs.started_ns[row] - jobs.submitted_ns[row] for row in rows}
        late = [row for row in rows if queued[row] >= LEAST_NS]
        ran = sum(jobs.ended_ns[row] - jobs.started_ns[row] for row in rows)
        if len(late) >= LEAST_JOBS and sum(queued.values()) >= LEAST_SHARE * ran and _all_busy(facts, late, rows):
            yield _finding(rule, facts, Wait(kind), function, rows, max(late, key=queued.__getitem__))


def _all_busy(facts: Facts, late: list[int], rows: list[int]) -> bool:
    """Whether jobs began as others of their pool ended, and not because the pool was only being started."""
    jobs = facts.trace.jobs
    ends = {jobs.worker[row]: 0 for row in rows}
    seen = 0
    for row in sorted(rows, key=jobs.started_ns.__getitem__):
        seen += row in late and 0 < ends[jobs.worker[row]] >= jobs.submitted_ns[row]
        ends[jobs.worker[row]] = jobs.ended_ns[row]
    return seen >= LEAST_JOBS


def _finding(rule: Rule, facts: Facts, kind: Wait, function: int, rows: list[int], worst: int) -> Finding:
    jobs = facts.trace.jobs
    longest = jobs.started_ns[worst] - jobs.submitted_ns[worst]
    workers = len({jobs.worker[row] for row in rows})
    pool = "threads" if kind == Wait.THREAD else "processes"
    name = facts.trace.text(function)
    message = f"{len(rows):,} jobs {name}() shared {workers:,} {pool}; they waited up to {took(longest)} for a free one"
    task = jobs.task[worst]
    proof = facts.span(f"a job {name}() waited", jobs.submitted_ns[worst], jobs.started_ns[worst], task)
    change = f"workers={2 * workers}"
    return rule.finding(facts, facts.job_site(worst), message, proof, cost_ns=longest, change=change)
