"""A run in figures."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from operator import sub

from asyncdemo.timeline.libraries import libraries_tasks
from asyncdemo.timeline.occupancy import most_tasks, peak
from asyncdemo.timeline.quantiles import at_share
from asyncdemo.timeline.states import State, wait_states
from asyncdemo.trace import NONE, Outcome, Trace, Wait

TURNS = (Wait.LOCK, Wait.SEMAPHORE)
"""Waits for one's turn, which there would be none of without the others."""

LONG_BLOCKED = 0.1
"""A loop that is blocked for more than this share of a run with jobs computes, and so may the jobs."""

ON_WORKERS = (Wait.THREAD, Wait.PROCESS)
"""Waits that may be for a free worker as well; what the job took is in the table of jobs."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run comes to. Tasks are counted without the `managers`; times are nanoseconds.

    Attributes:
        ok: tasks that returned.
        failed: tasks that an exception ended.
        cancelled: tasks that were cancelled.
        pending: tasks that had not ended.
        wall_ns: how long the recording lasted.
        peak_tasks: most tasks in existence at once.
        steps: how many steps all tasks ran, kept or not.
        one_by_one_ns: computed, not measured: how long the same work would take one piece after the other, which is the
            sum of the times in which tasks ran, slept or waited for the network, and of the jobs on threads and
            processes; see `one_by_one_ns`, which says when there is None.
        loop_late_p50_ns: half of the steps started at most so long after they were ready.
        loop_late_p99_ns: 99 of 100 steps started at most so long after they were ready.
        peak_waiting: most tasks that waited for a lock or a slot at once.
        stalled_ns: how long steps or callbacks blocked the loop.
    """

    ok: int
    failed: int
    cancelled: int
    destroyed: int
    pending: int
    wall_ns: int
    peak_tasks: int
    steps: int
    one_by_one_ns: int | None
    loop_late_p50_ns: int
    loop_late_p99_ns: int
    peak_waiting: int
    stalled_ns: int

    @property
    def tasks(self) -> int:
        """How many tasks were counted."""
        return self.ok + self.failed + self.cancelled + self.destroyed + self.pending


def managers(trace: Trace) -> frozenset[int]:
    """Main tasks (nobody's children) that do nothing but start others and wait for them; pictures leave them out.

    One that sleeps, waits for anything else, holds something or blocks the loop does work of its own.
    """
    parents = set(trace.tasks.parent)
    mains = {task for task, parent in enumerate(trace.tasks.parent) if parent == NONE and task in parents}
    mains -= set(trace.holds.task) | set(trace.stalls.task)
    waiting = trace.waits.kind
    mains -= {task for task in mains if not _only_tasks(waiting, trace.tasks.waiting[task])}
    if not mains:
        return frozenset()
    rows = zip(trace.steps.task, trace.steps.wait, strict=True)
    return frozenset(mains - {task for task, wait in rows if task in mains and not _only_tasks(waiting, wait)})


def _only_tasks(kinds: Sequence[int], wait: int) -> bool:
    return wait == NONE or kinds[wait] in (Wait.TASK, Wait.BRIEF, Wait.YIELD)


def shown(trace: Trace) -> list[int]:
    """Rows of `trace.tasks` that pictures show and summaries count: all but the `managers`."""
    left_out = managers(trace)
    return [task for task in range(len(trace.tasks)) if task not in left_out]


def lateness(trace: Trace) -> array[int]:
    """How long after it was ready each step started, in ns."""
    return array("q", map(sub, trace.steps.start_ns, trace.steps.ready_ns))


def _counted(trace: Trace) -> bytearray:
    """For each task whether it is shown and counted, as `shown` has it."""
    counted = bytearray(b"\1") * len(trace.tasks)
    for task in managers(trace):
        counted[task] = False
    return counted


def one_by_one_ns(trace: Trace) -> int | None:
    """Computed: how long the work would take one piece after the other (see `Summary.one_by_one_ns`).

    What a task does while it waits for other tasks, for its turn or for a worker is theirs, not its own, and `managers`
    have none of their own. What a library's own tasks do counts where the program waits for it. None where no honest
    figure can be had:

    - a task failed, never ended, or was asked to end, or waited for what another one does (a queue, an event): alone
      it would do something else, or nothing at all;
    - a task blocked the loop while a thread or a process had a job, which it may have waited for, or for so much of the
      run that its jobs seem to be computations too, which keep each other waiting;
    - more processes computed at once than there were CPUs (`Trace.meta["cpus"]`), so that each job took longer than it
      would alone;
    - tasks that no task made, next to jobs or to the network, do what somebody else in this program waits for.
    """
    states, counted = wait_states(trace), _counted(trace)
    returned = bytes(compress(trace.tasks.outcome, counted)).count(Outcome.RETURNED)
    if (
        returned != sum(counted)
        or len(trace.cancels)
        or _depend(trace, states, counted)
        or _blocked_by_jobs(trace)
        or _share_cpus(trace)
        or _serves_itself(trace)
    ):
        return None
    for task in libraries_tasks(trace):
        counted[task] = False
    return _work_ns(trace, states, counted)


def _depend(trace: Trace, states: list[State], counted: bytearray) -> bool:
    """Whether a task waited for what another one does: alone it would have waited for ever."""
    kinds = trace.waits.kind
    bound = {wait for wait, kind in enumerate(kinds) if states[wait] == State.WAIT and kind not in TURNS}
    return any(wait in bound and counted[task] for task, wait in zip(trace.steps.task, trace.steps.wait, strict=True))


def _share_cpus(trace: Trace) -> bool:
    """Whether more processes had jobs at once than there were CPUs; when that is not known, one is assumed."""
    jobs = trace.jobs
    ours = [kind == Wait.PROCESS for kind in jobs.kind]
    cpus: int = trace.meta.get("cpus", 1)
    return peak(compress(zip(jobs.started_ns, jobs.ended_ns, strict=True), ours)) > cpus


def _blocked_by_jobs(trace: Trace) -> bool:
    """Whether the loop was blocked while there was a job, or for long in a run with jobs."""
    jobs, stalls = trace.jobs, trace.stalls
    if not len(jobs) or not len(stalls):
        return False
    if sum(map(sub, stalls.end_ns, stalls.start_ns)) > LONG_BLOCKED * trace.duration_ns:
        return True
    blocked = list(zip(stalls.start_ns, stalls.end_ns, strict=True))
    return any(
        start < over and begun < end
        for begun, over in zip(jobs.started_ns, jobs.ended_ns, strict=True)
        for start, end in blocked
    )


def _serves_itself(trace: Trace) -> bool:
    """Whether tasks that no other task made may do what jobs, or tasks on the network, wait for."""
    others = len(trace.jobs) or Wait.NETWORK in set(trace.waits.kind)
    return bool(others) and sum(parent == NONE for parent in trace.tasks.parent) > 1


def _work_ns(trace: Trace, states: list[State], counted: bytearray) -> int:
    """The time that those tasks ran, slept or waited for the network, and that jobs took on threads and processes."""
    steps, works = trace.steps, [state == State.SLEEP for state in states]
    for wait, kind in enumerate(trace.waits.kind):
        works[wait] = works[wait] and kind not in ON_WORKERS
    total: int = sum(map(sub, trace.jobs.ended_ns, trace.jobs.started_ns))
    reached = array("q", trace.tasks.created_ns)
    for task, ready, start, end, wait in zip(
        steps.task, steps.ready_ns, steps.start_ns, steps.end_ns, steps.wait, strict=True
    ):
        if counted[task]:
            total += end - start + (max(0, ready - reached[task]) if works[wait] else 0)
        reached[task] = end
    return total


def queued(trace: Trace) -> list[tuple[int, int]]:
    """From when to when each hold's task had to wait for it; only those that had to."""
    rows = zip(trace.holds.asked_ns, trace.holds.from_ns, strict=True)
    return [(asked, start) for asked, start in rows if start > asked]


def summary(trace: Trace) -> Summary:
    """The figures of a run."""
    tasks, counted, late = trace.tasks, _counted(trace), lateness(trace)
    outcomes = bytes(compress(tasks.outcome, counted))
    return Summary(
        ok=outcomes.count(Outcome.RETURNED),
        failed=outcomes.count(Outcome.RAISED),
        cancelled=outcomes.count(Outcome.CANCELLED),
        destroyed=outcomes.count(Outcome.DESTROYED),
        pending=outcomes.count(Outcome.PENDING),
        wall_ns=trace.duration_ns,
        peak_tasks=most_tasks(trace, managers(trace)),
        steps=sum(tasks.steps),
        one_by_one_ns=one_by_one_ns(trace),
        loop_late_p50_ns=at_share(late, 0.5),
        loop_late_p99_ns=at_share(late, 0.99),
        peak_waiting=peak(queued(trace)),
        stalled_ns=sum(map(sub, trace.stalls.end_ns, trace.stalls.start_ns)),
    )
