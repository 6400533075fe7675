"""The jobs of a recording, and the threads and processes that shared them."""

from __future__ import annotations

import re
from collections import defaultdict

from asyncdemo.trace import NONE, Trace, Wait
from asyncdemo.whatif.program import Job, Pool

_NUMBER = re.compile(r"[_ -]?\d+$")
LEAST_NS = 1_000_000
"""A job that begins this much after it was handed over, just as another one ends, had to wait for its turn."""


def read_jobs(trace: Trace) -> tuple[list[Pool], list[Job], dict[int, list[int]]]:
    """The pools, every job, and for each task the jobs that it submitted and that ran."""
    jobs, names = trace.jobs, [_pool_name(trace, worker) for worker in range(len(trace.workers))]
    pools = list(dict.fromkeys(names))
    free: dict[int, int] = {}
    queued: set[int] = set()
    found: dict[int, Job] = {}
    for row in sorted(range(len(jobs)), key=jobs.started_ns.__getitem__):
        worker = jobs.worker[row]
        if worker == NONE:
            continue
        pool, before = pools.index(names[worker]), free.get(worker, 0)
        begun = max(jobs.submitted_ns[row], before)
        found[row] = Job(pool, jobs.ended_ns[row] - begun)
        free[worker] = jobs.ended_ns[row]
        if before - jobs.submitted_ns[row] >= LEAST_NS:
            queued.add(pool)
    own: dict[int, list[int]] = defaultdict(list)
    for row in found:
        own[jobs.task[row]].append(row)
    sizes = [Pool(name, names.count(name), number in queued) for number, name in enumerate(pools)]
    return sizes, [found.get(row, Job(NONE, 0)) for row in range(len(jobs))], own


def _pool_name(trace: Trace, worker: int) -> str:
    """Threads of one pool have its name and a number; processes are told apart from threads alone."""
    if trace.workers.kind[worker] == Wait.PROCESS:
        return "processes"
    return _NUMBER.sub("", trace.text(trace.workers.name[worker]))
