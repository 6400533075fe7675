"""What the tasks of a recording did, told as programs.

Each wait becomes the operation that it was: a turn at a lock or a slot, a job of a pool, other tasks, another task's
doing; and what is not decided within the program, a sleep or an answer of the network, takes as long as it took. What
a step did meanwhile (it made tasks, gave locks back, woke others) is put between its computing, at its moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import median_low

from asyncdemo.trace import NONE, Actor, Loss, Outcome, Trace, Wait
from asyncdemo.whatif.places import Places
from asyncdemo.whatif.pools import read_jobs
from asyncdemo.whatif.program import (
    Acquire,
    Cancel,
    Collect,
    Compute,
    Hear,
    Join,
    Life,
    Op,
    Pause,
    Program,
    Release,
    Spawn,
    Submit,
    Tell,
    Waiting,
)

_TURNS = frozenset({Wait.LOCK, Wait.SEMAPHORE, Wait.BRIEF})
_JOBS = frozenset({Wait.THREAD, Wait.PROCESS})

Order = tuple[int, int]
"""Of what happened in a step at one moment what comes first: what kind of thing it is, then which of its kind."""
_GIVEN, _TAKEN, _WOKEN, _LAST = range(4)


def read(trace: Trace, places: Places, also: Iterable[tuple[int, int, Op]] = ()) -> Program:
    """The program that a recording is of.

    Args:
        trace: the recording.
        places: where its steps are.
        also: what happened besides what the recording tells: in which step, when, and what.
    """
    reader = _Reader(trace, places)
    for step, t_ns, op in also:
        reader.note(step, t_ns, (_LAST, 0), op)
    return reader.program()


class _Reader:
    """Puts everything that happened where it belongs."""

    def __init__(self, trace: Trace, places: Places) -> None:
        self._trace = trace
        self._places = places
        self._done: dict[int, list[tuple[int, Order, Op]]] = defaultdict(list)
        """For each step what happened in it: when, in which order of what happened at once, and what."""
        self._takes: dict[int, int] = {}
        """For each step that began with a lock or a slot, the row of `Trace.holds`."""
        steps = trace.steps
        begun = {task for task, wait, by in zip(steps.task, steps.wait, steps.waker, strict=True) if _is_main(wait, by)}
        self._mains = {task for task in begun if trace.tasks.parent[task] == NONE}
        self._usual = dict(_usual_lengths(trace, places))
        """For each row of `Trace.waits` how long such a wait takes when the loop is not busy as it ends."""
        self._joined: set[int] = set()
        self._serving: set[int] = set()
        self._shutdown: dict[int, int] = {}
        self._children: dict[int, list[int]] = defaultdict(list)
        for task, parent in enumerate(trace.tasks.parent):
            self._children[parent].append(task)
        self._cancels: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for task, t_ns, by in zip(trace.cancels.task, trace.cancels.t_ns, trace.cancels.by, strict=True):
            self._cancels[task].append((t_ns, by))

    def program(self) -> Program:
        """Everything, put together."""
        starts = dict(self._births())
        self._holds()
        pools, jobs, self._submitted = read_jobs(self._trace)
        self._jobs()
        heads = {row: self._head(row) for row in range(len(self._trace.steps)) if self._trace.steps.wait[row] != NONE}
        lives = [self._life(task, heads, starts) for task in range(len(self._trace.tasks))]
        limits = {row: limit for row, limit in enumerate(self._trace.resources.limit) if limit != NONE}
        return Program(lives, limits, pools, jobs)

    def note(self, step: int, t_ns: int, order: Order, op: Op) -> None:
        """In a step something happened."""
        self._done[step].append((t_ns, order, op))

    # Births

    def _births(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """The tasks that no other task made: when each began, and after which one's end, if any."""
        tasks, steps, before = self._trace.tasks, self._trace.steps, NONE
        for task, (parent, created) in enumerate(zip(tasks.parent, tasks.created_ns, strict=True)):
            rows = self._places.by_task[task]
            first = rows[0] if rows else len(steps)
            made = self._places.last(parent, created, first) if parent >= 0 else NONE
            if made != NONE:
                self.note(made, created, (_WOKEN, first), Spawn(task))
            elif task in self._mains:
                follows = before != NONE and tasks.ended_ns[before] <= created
                yield task, (created - tasks.ended_ns[before], before) if follows else (created, NONE)
                before = before if tasks.outcome[task] == Outcome.PENDING else task
            elif (step := self._places.before(first, created, tasks.loop[task])) != NONE:
                # Whatever led to it, most likely it was something that the program had done.
                self.note(step, steps.end_ns[step], (_LAST, task), Spawn(task, created - steps.end_ns[step]))
            else:
                yield task, (created, NONE)

    # Locks and slots

    def _holds(self) -> None:
        holds, steps, given = self._trace.holds, self._trace.steps, self._trace.resources.limit
        # Of a semaphore without slots, which only tells how much was done, not every release is in a recording.
        rows = [row for row, resource in enumerate(holds.resource) if given[resource] != 0]
        released: dict[tuple[int, int], list[int]] = defaultdict(list)
        for row in rows:
            self._taken(row)
            released[holds.resource[row], holds.to_ns[row]].append(row)
        for step in sorted(self._takes):
            waker, resource, ready = steps.waker[step], holds.resource[self._takes[step]], steps.ready_ns[step]
            giving = self._places.last(waker, ready, step) if waker >= 0 else NONE
            over = released[resource, ready]
            if giving != NONE and over:
                over.remove(next((row for row in over if holds.task[row] == waker), over[0]))
                self.note(giving, ready, (_GIVEN, step), Release(resource))
        for row in (row for over in released.values() for row in over):
            if (step := self._step_at(holds.task[row], holds.to_ns[row])) != NONE:
                self.note(step, holds.to_ns[row], self._order_of_release(row), Release(holds.resource[row]))
        self._strays()

    def _taken(self, row: int) -> None:
        """A lock or a slot was taken: at the beginning of a step that had waited for it, or in a step."""
        holds, steps, waits = self._trace.holds, self._trace.steps, self._trace.waits
        task, resource, begun = holds.task[row], holds.resource[row], holds.from_ns[row]
        waited = [
            step
            for step in (self._places.starting(task, begun) if task >= 0 else ())
            if step not in self._takes and steps.wait[step] != NONE
            if waits.kind[steps.wait[step]] in _TURNS
            if self._fits(steps.wait[step], resource, holds.asked_ns[row] < begun)
        ]
        if waited:
            self._takes[waited[0]] = row
        elif (step := self._step_at(task, begun)) != NONE:
            self.note(step, begun, (_TAKEN, 2 * row), Acquire(resource=resource, site=holds.site[row]))

    def _order_of_release(self, row: int) -> Order:
        """What was taken before is given back first, what was taken at the same moment after that."""
        holds = self._trace.holds
        return (_TAKEN, 2 * row + 1) if holds.from_ns[row] == holds.to_ns[row] else (_GIVEN, 0)

    def _strays(self) -> None:
        """Slots that were given back without having been taken."""
        losses, names = self._trace.losses, list(self._trace.resources.name)
        for loss, task, t_ns, what in zip(losses.loss, losses.task, losses.t_ns, losses.what, strict=True):
            if loss == Loss.STRAY_RELEASE and what in names and (step := self._step_at(task, t_ns)) != NONE:
                self.note(step, t_ns, (_GIVEN, 0), Release(names.index(what)))

    def _fits(self, wait: int, resource: int, waited: bool) -> bool:
        """Whether a wait may be one for this resource: also one too brief to be looked at, when there was one."""
        named = self._trace.waits.resource[wait]
        return named == resource or (waited and named == NONE and self._trace.waits.kind[wait] == Wait.BRIEF)

    def _step_at(self, task: int, t_ns: int) -> int:
        own = self._places.at(task, t_ns) if task >= 0 else NONE
        return own if own != NONE else self._places.anyones(t_ns)

    # Jobs

    def _jobs(self) -> None:
        jobs = self._trace.jobs
        for job in sorted(job for each in self._submitted.values() for job in each):
            step = self._step_at(jobs.task[job], jobs.submitted_ns[job])
            self.note(step, jobs.submitted_ns[job], (_LAST, job), Submit(job))

    def _jobs_waited_for(self, row: int) -> tuple[int, ...]:
        jobs, steps = self._trace.jobs, self._trace.steps
        open_ = self._submitted.get(steps.task[row], [])
        over = [job for job in open_ if jobs.ended_ns[job] <= steps.ready_ns[row]]
        self._submitted[steps.task[row]] = [job for job in open_ if job not in over]
        return tuple(over)

    # Waits

    def _head(self, row: int) -> Waiting:
        """The operation that the wait before a step was."""
        steps = self._trace.steps
        wait, waker, task = steps.wait[row], steps.waker[row], steps.task[row]
        kind, lead = Wait(self._trace.waits.kind[wait]), self._places.lead_ns(row)
        asked = self._asked_to_end(row)
        if asked is not None and (asked[1] >= 0 or asked[1] == Actor.PROGRAM):
            return self._interrupted(row, *asked)
        if row in self._takes:
            hold = self._takes[row]
            return Acquire(wait, lead, self._trace.holds.resource[hold], self._trace.holds.site[hold])
        if kind in _JOBS and (jobs := self._jobs_waited_for(row)):
            lag = steps.ready_ns[row] - max(self._trace.jobs.ended_ns[job] for job in jobs)
            return Collect(wait, lead, jobs, lag, waker)
        for_tasks = kind == Wait.TASK or (kind == Wait.BRIEF and waker in self._children.get(task, ()))
        if for_tasks and waker >= 0 and (tasks := self._tasks_waited_for(row)):
            return Join(wait, lead, tasks, self._trace.waits.task[wait] != NONE)
        if waker >= 0 and waker != task:
            told = self._places.last(waker, steps.ready_ns[row], row)
            if told != NONE:
                self.note(told, steps.ready_ns[row], (_WOKEN, row), Tell(row))
                return Hear(wait, lead, row)
        took = self._length(row)
        return Pause(wait, self._places.lead_ns(row, self._places.since_ns[row] + took), took, waker)

    def _length(self, row: int) -> int:
        """How long the wait before a step took by itself.

        A sleep that ended while the loop was busy had ended before, nobody knows when: it is taken to be as long as
        others of its line are, if it may have been.
        """
        steps, places = self._trace.steps, self._places
        took = max(0, steps.ready_ns[row] - places.since_ns[row])
        if self._trace.waits.kind[steps.wait[row]] != Wait.SLEEP or places.busy_ns[row] >= steps.ready_ns[row]:
            return took
        return max(min(took, self._usual[steps.wait[row]]), places.busy_ns[row] - places.since_ns[row])

    def _asked_to_end(self, row: int) -> tuple[int, int] | None:
        """When a task was asked to end during the wait before a step, and by whom; None where nobody asked."""
        steps = self._trace.steps
        since, ready = self._places.since_ns[row], steps.ready_ns[row]
        asked = [each for each in self._cancels.get(steps.task[row], ()) if since <= each[0] <= ready]
        by_waker = [each for each in asked if each[1] == steps.waker[row]]
        return by_waker[0] if by_waker else None

    def _interrupted(self, row: int, t_ns: int, by: int) -> Waiting:
        steps, lead = self._trace.steps, self._places.lead_ns(row)
        task = steps.task[row]
        if by == Actor.PROGRAM:
            self._shutdown[task] = row
            return Hear(steps.wait[row], lead, row)
        asking = self._places.last(by, t_ns, row) if by >= 0 else NONE
        if asking == NONE:
            return Pause(steps.wait[row], lead, steps.ready_ns[row] - self._places.since_ns[row], by)
        self.note(asking, t_ns, (_WOKEN, row), Cancel(task, row))
        return Hear(steps.wait[row], lead, row)

    def _tasks_waited_for(self, row: int) -> tuple[int, ...]:
        """The task that is named, or those that the waiting one had made and not waited for yet."""
        steps, tasks = self._trace.steps, self._trace.tasks
        named, task, waker, ready = self._trace.waits.task[steps.wait[row]], *self._of(row)
        if tasks.ended_ns[waker] > ready or tasks.outcome[waker] == Outcome.PENDING:
            return ()
        if named != NONE:
            return (named,)
        made = [
            child
            for child in self._children.get(task, ())
            if child not in self._joined and tasks.outcome[child] != Outcome.PENDING and tasks.ended_ns[child] <= ready
            if (own := self._places.by_task[child]) and (own[-1] < row or tasks.loop[child] != tasks.loop[task])
        ]
        self._joined.update(made)
        return tuple(sorted({*made, waker}))

    def _of(self, row: int) -> tuple[int, int, int]:
        steps = self._trace.steps
        return steps.task[row], steps.waker[row], steps.ready_ns[row]

    # Putting it together

    def _life(self, task: int, heads: dict[int, Waiting], starts: dict[int, tuple[int, int]]) -> Life:
        rows, tasks = self._places.by_task[task], self._trace.tasks
        start, after = starts.get(task, (NONE, NONE))
        lead = self._places.lead_ns(rows[0]) if rows else 0
        ends = tasks.outcome[task] not in {Outcome.PENDING, Outcome.DESTROYED}
        ops = [op for row in rows for op in self._operations(row, heads.get(row))]
        main, shutdown = task in self._mains, self._shutdown.get(task, NONE)
        return Life(ops, tasks.loop[task], start, after, lead, ends, main, self._serves(task), shutdown)

    def _serves(self, task: int) -> bool:
        """Whether a connection made a task, or one that made it."""
        parent, waits, steps = self._trace.tasks.parent[task], self._trace.waits, self._trace.steps
        rows = self._places.by_task[task]
        if parent == NONE and task not in self._mains and rows:
            waited = {steps.wait[row] for row in rows} - {NONE}  # waits for what is there already may be too brief
            if steps.waker[rows[0]] == Actor.NETWORK or Wait.NETWORK in {waits.kind[wait] for wait in waited}:
                self._serving.add(task)
        if parent in self._serving:
            self._serving.add(task)
        return task in self._serving

    def _operations(self, row: int, head: Waiting | None) -> Iterator[Op]:
        """The wait before a step, and what happened in it."""
        steps = self._trace.steps
        reached = steps.start_ns[row]
        if head is not None:
            yield head
        for t_ns, _, op in sorted(self._done.get(row, ()), key=_moment):
            if t_ns > reached:
                yield Compute(t_ns - reached)
                reached = t_ns
            yield op
        if steps.end_ns[row] > reached:
            yield Compute(steps.end_ns[row] - reached)


def _is_main(wait: int, waker: int) -> bool:
    return wait == NONE and waker == Actor.PROGRAM


def _moment(happened: tuple[int, Order, Op]) -> tuple[int, Order]:
    return happened[:2]


def _usual_lengths(trace: Trace, places: Places) -> Iterator[tuple[int, int]]:
    """The median length of the waits of each row that ended in an idle loop; where none did, the shortest."""
    idle, shortest = defaultdict[int, list[int]](list), dict[int, int]()
    for row, (wait, ready) in enumerate(zip(trace.steps.wait, trace.steps.ready_ns, strict=True)):
        took = ready - places.since_ns[row]
        shortest[wait] = min(shortest.get(wait, took), took)
        if places.busy_ns[row] >= ready:
            idle[wait].append(took)
    for wait, took in shortest.items():
        yield wait, median_low(idle[wait]) if idle[wait] else took
