"""One recording in sums: what the tasks of each coroutine came to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import sub

from asyncdemo import timeline
from asyncdemo.diff.chain import Cause, decided, wait_name
from asyncdemo.timeline import State
from asyncdemo.trace import NONE, Outcome, Trace


@dataclass(slots=True)
class Work:
    """What the tasks of one coroutine came to; times are sums over them, in ns.

    Attributes:
        tasks: how many there were.
        outcomes: how many ended how.
        errors: how many were ended by an exception of which type.
        steps: how many steps they ran.
        run_ns: how long they ran.
        late_ns: how long they were ready but not run.
        waits: how long they waited for what, by its name: `sleep`, `socket`, `Semaphore`, `Queue.get`.
    """

    tasks: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    run_ns: int = 0
    late_ns: int = 0
    waits: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a recording comes to; times are ns.

    Attributes:
        wall_ns: how long it lasted.
        outcomes: how many tasks ended how.
        peak_tasks: most tasks in existence at once.
        steps: how many steps all tasks ran.
        late_p50_ns: half of the steps started at most so long after they were ready.
        late_p99_ns: 99 of 100 steps started at most so long after they were ready.
        stalls_ns: how long a loop was blocked, each time.
        pauses_ns: how long the garbage collector took, in runs of a length that is kept.
        peak_waiting: how many waited for each lock, semaphore, queue and so on at once at most, by its name.
        coroutines: what the tasks of each coroutine came to, by its qualified name.
        decided: where the time went on the chain that decided how long the run took; see `decided`.
    """

    wall_ns: int
    outcomes: Mapping[Outcome, int]
    peak_tasks: int
    steps: int
    late_p50_ns: int
    late_p99_ns: int
    stalls_ns: Sequence[int]
    pauses_ns: int
    peak_waiting: Mapping[str, int]
    coroutines: Mapping[str, Work]
    decided: Mapping[Cause, int]


def profile(trace: Trace) -> Profile:
    """Sums a recording up."""
    late, sums = timeline.lateness(trace), _Sums(trace)
    return Profile(
        trace.duration_ns,
        outcomes=Counter(map(Outcome, trace.tasks.outcome)),
        peak_tasks=timeline.most_tasks(trace),
        steps=sum(trace.tasks.steps),
        late_p50_ns=timeline.at_share(late, 0.5),
        late_p99_ns=timeline.at_share(late, 0.99),
        stalls_ns=list(map(sub, trace.stalls.end_ns, trace.stalls.start_ns)),
        pauses_ns=sum(map(sub, trace.pauses.end_ns, trace.pauses.start_ns)),
        peak_waiting={name: timeline.peak(spans) for name, spans in sorted(sums.waiting.items())},
        coroutines=sums.work,
        decided=decided(trace),
    )


class _Sums:
    """The sums that one pass over what every task did gives.

    Attributes:
        work: what the tasks of each coroutine came to.
        waiting: from when to when somebody waited for each lock, queue and so on.
    """

    def __init__(self, trace: Trace) -> None:
        self.work: dict[str, Work] = {}
        self.waiting: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self._trace = trace
        self._of_task = [self.work.setdefault(trace.text(coro), Work()) for coro in trace.tasks.coro]
        self._count()
        self._add_times()

    def _count(self) -> None:
        tasks = self._trace.tasks
        for own, outcome, error, steps in zip(self._of_task, tasks.outcome, tasks.error, tasks.steps, strict=True):
            own.tasks += 1
            own.steps += steps
            own.outcomes[Outcome(outcome)] += 1
            if error != NONE:
                own.errors[self._trace.text(error).partition(":")[0]] += 1

    def _add_times(self) -> None:
        names, resources = self._names()
        for task, start, end, state, wait in timeline.pieces(self._trace):
            own = self._of_task[task]
            if wait != NONE:
                own.waits[names[wait]] += end - start
                if resources[wait]:
                    self.waiting[resources[wait]].append((start, end))
            elif state == State.READY:
                own.late_ns += end - start
            elif state == State.RUN:
                own.run_ns += end - start

    def _names(self) -> tuple[list[str], list[str]]:
        """For each row of the waits its name, and that of the lock, queue and so on that it is for, or ""."""
        trace = self._trace
        of_resources = [trace.text(name) for name in trace.resources.name]
        resources = [of_resources[each] if each != NONE else "" for each in trace.waits.resource]
        return [wait_name(trace, wait) for wait in range(len(trace.waits))], resources
