"""Runs a program again in simulated time: one step at a time on each loop, first come, first served.

It keeps asyncio's own order: what becomes ready runs in the next turn of the loop, timers that are due come after what
was ready before, and a lock or a slot is handed to whoever has waited longest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from heapq import heappush
from itertools import count
from typing import Any, NamedTuple

import asyncdemo.whatif.program as ops
from asyncdemo.trace import NONE, Actor
from asyncdemo.whatif.lane import Call, Lane
from asyncdemo.whatif.program import Life, Op, Program


class Step(NamedTuple):
    """A step as it was simulated; the columns of `Trace.steps`."""

    ready_ns: int
    start_ns: int
    end_ns: int
    task: int
    wait: int
    waker: int


class StuckError(Exception):
    """Some task could not come to its end."""


@dataclass(slots=True)
class _Task:
    """Where a task is.

    Attributes:
        frames: what it is doing: operations and how far it has come, the innermost last.
        turn: counts its suspensions, so that whoever comes late to wake it finds out.
    """

    row: int
    life: Life
    lane: Lane
    frames: list[list[Any]]
    turn: int = 0
    over: bool = False
    ready_ns: int = 0
    waker: int = NONE
    wait: int = NONE
    lead_ns: int = 0
    held: list[int] = field(default_factory=list)
    joiners: list[Call] = field(default_factory=list)
    doing: bool = False
    scheduled: bool = False


@dataclass(slots=True)
class _Pool:
    """Threads or processes: how many are free, and the jobs that wait."""

    free: int
    queue: deque[int] = field(default_factory=deque)


@dataclass(slots=True)
class _Queue:
    """The queue of a crew: what lies in it, who waits, and how many items were taken and are done."""

    limit: int | None
    items: deque[int]
    drawn: int = 0
    done: int = 0
    getters: deque[tuple[_Task, int]] = field(default_factory=deque)
    putters: deque[tuple[_Task, int]] = field(default_factory=deque)
    finishers: deque[tuple[_Task, int]] = field(default_factory=deque)


class Simulation:
    """One run of a program.

    Args:
        program: what is run.

    Attributes:
        steps: what ran, in the order in which each step ended.
    """

    def __init__(self, program: Program) -> None:
        self.steps: list[Step] = []
        self._program = program
        self._number = count()
        self._lanes: dict[int, Lane] = {}
        self._tasks = [self._task(row, life) for row, life in enumerate(program.lives)]
        self._free = dict(program.limits)
        self._queues: dict[int, deque[tuple[_Task, int]]] = {}
        self._told: set[int] = set()
        self._hearers: dict[int, list[tuple[_Task, int]]] = {}
        self._pools = [_Pool(pool.size) for pool in program.pools]
        self._done: set[int] = set()
        self._job_lanes: dict[int, Lane] = {}
        self._collectors: list[tuple[set[int], ops.Collect, _Task, int]] = []
        self._crews = [_Queue(program.limits.get(crew.queue), deque(crew.there)) for crew in program.crews]
        self._do: dict[type[Op], Callable[[_Task, Any], bool]] = {
            ops.Spawn: self._spawn,
            ops.Release: self._release,
            ops.Tell: self._tell,
            ops.Cancel: self._cancel,
            ops.Submit: self._submit,
            ops.Pause: self._pause,
            ops.Acquire: self._acquire,
            ops.Join: self._join,
            ops.Hear: self._hear,
            ops.Collect: self._collect,
            ops.Put: self._put,
            ops.Draw: self._draw,
            ops.Finish: self._finish,
        }

    def run(self) -> list[Step]:
        """Runs the program to its end.

        Returns:
            Its steps in the order in which they began.

        Raises:
            StuckError: a task waits for what never comes.
        """
        for task in self._tasks:
            if task.life.start_ns == NONE:
                continue
            if task.life.after == NONE:
                self._at(task.lane, task.life.start_ns, partial(self._wake, task, 0, Actor.PROGRAM))
            else:
                self._tasks[task.life.after].joiners.append(partial(self._begin_after, task))
        while True:
            due = [(at, key) for key, lane in self._lanes.items() if (at := lane.next_ns()) is not None]
            if not due:
                break
            self._lanes[min(due)[1]].turn()
        stuck = [task.row for task in self._tasks if task.life.ends and not task.over and task.life.ops]
        if stuck:
            raise StuckError(stuck)
        return sorted(self.steps, key=lambda step: step.start_ns)

    def _task(self, row: int, life: Life) -> _Task:
        lane = self._lanes.setdefault(life.loop, Lane())
        return _Task(row, life, lane, [[life.ops, 0]], lead_ns=life.lead_ns)

    # The loop

    def _at(self, lane: Lane, t_ns: int, call: Call) -> None:
        heappush(lane.timers, (t_ns, next(self._number), call))

    def _soon(self, lane: Lane, from_lane: Lane, call: Call) -> None:
        """In the next turn of a loop; from another loop, not before that one's time."""
        if lane is from_lane:
            lane.ready.append(call)
        else:
            self._at(lane, from_lane.now, call)

    def _begin_after(self, task: _Task) -> None:
        before = self._tasks[task.life.after].lane
        self._at(task.lane, before.now + task.life.start_ns, partial(self._wake, task, 0, Actor.PROGRAM))

    def _wake(self, task: _Task, turn: int, waker: int, from_lane: Lane | None = None) -> None:
        """Makes a task ready that is suspended still."""
        if task.turn == turn and not task.over:
            task.turn += 1
            task.scheduled = True
            task.waker = waker
            task.ready_ns = (from_lane or task.lane).now
            self._soon(task.lane, from_lane or task.lane, partial(self._step, task))

    def _later(self, task: _Task, turn: int, waker: int) -> None:
        """The same by way of a callback, as a timer or a `gather` does."""
        task.lane.ready.append(partial(self._wake, task, turn, waker))

    def _step(self, task: _Task) -> None:
        """Runs a task until it is suspended or over."""
        lane = task.lane
        task.scheduled = False
        lane.now += task.lead_ns
        start, ready, wait, waker = lane.now, min(task.ready_ns, lane.now), task.wait, task.waker
        over = self._advance(task)
        self.steps.append(Step(ready, start, lane.now, task.row, wait, waker))
        if over and task.life.ends:
            self._end(task)

    def _advance(self, task: _Task) -> bool:
        """Goes through a task's operations; whether it came to the last one."""
        while task.frames:
            frame = task.frames[-1]
            if frame[1] == len(frame[0]):
                task.frames.pop()
                continue
            op = frame[0][frame[1]]
            frame[1] += 1
            if type(op) is ops.Compute:
                task.lane.now += op.ns
            elif self._do[type(op)](task, op):
                task.wait, task.lead_ns = op.wait, op.lead_ns
                return False
        return True

    def _end(self, task: _Task) -> None:
        task.over = True
        for joiner in task.joiners:
            joiner()
        if task.life.main:
            for other in self._tasks:
                if other.life.shutdown != NONE and other.lane is task.lane:
                    self._interrupt(other, other.life.shutdown, Actor.PROGRAM, task.lane)

    # What tasks do

    def _spawn(self, task: _Task, op: ops.Spawn) -> bool:
        made = self._tasks[op.task]
        if op.after_ns == NONE:
            self._wake(made, 0, task.row, task.lane)
        else:
            self._at(made.lane, task.lane.now + op.after_ns, partial(self._wake, made, 0, Actor.CALLBACK))
        return False

    def _release(self, task: _Task, op: ops.Release) -> bool:
        if op.resource in task.held:
            task.held.remove(op.resource)
        self._give(op.resource, task)
        return False

    def _give(self, resource: int, giver: _Task) -> None:
        queue = self._queues.get(resource)
        while queue:
            taker, turn = queue.popleft()
            if taker.turn == turn:
                taker.held.append(resource)
                self._wake(taker, turn, giver.row, giver.lane)
                return
        if resource in self._free:
            self._free[resource] += 1

    def _acquire(self, task: _Task, op: ops.Acquire) -> bool:
        free = self._free.get(op.resource)
        if free is None or free > 0:
            if free is not None:
                self._free[op.resource] = free - 1
            task.held.append(op.resource)
            return False
        self._queues.setdefault(op.resource, deque()).append((task, task.turn))
        return True

    def _tell(self, task: _Task, op: ops.Tell) -> bool:
        self._told.add(op.signal)
        for hearer, turn in self._hearers.pop(op.signal, ()):
            self._wake(hearer, turn, task.row, task.lane)
        return False

    def _hear(self, task: _Task, op: ops.Hear) -> bool:
        if op.signal in self._told:
            return False
        self._hearers.setdefault(op.signal, []).append((task, task.turn))
        return True

    def _cancel(self, task: _Task, op: ops.Cancel) -> bool:
        self._interrupt(self._tasks[op.task], op.signal, task.row, task.lane)
        return False

    def _interrupt(self, task: _Task, signal: int, waker: int, lane: Lane) -> None:
        """A task goes on behind the place where it hears a signal, unless it is past it."""
        self._told.add(signal)
        base, place = task.frames[0] if task.frames else ((), 0)
        landing = next((at for at, op in enumerate(base) if isinstance(op, ops.Hear) and op.signal == signal), NONE)
        if task.over or landing < place - 1 or not task.turn:
            return
        rest = [op.resource for op in base[landing:] if isinstance(op, ops.Release)]
        for resource in [each for each in task.held if each not in rest]:
            task.held.remove(resource)
            self._give(resource, task)
        task.frames, task.doing = [[base, landing + 1]], False
        if not task.scheduled:
            self._wake(task, task.turn, waker, lane)

    def _pause(self, task: _Task, op: ops.Pause) -> bool:
        lane = task.lane
        if op.ns:
            self._at(lane, lane.now + op.ns, partial(self._later, task, task.turn, op.waker))
        else:
            self._wake(task, task.turn, op.waker)
        return True

    def _join(self, task: _Task, op: ops.Join) -> bool:
        pending = {row for row in op.tasks if not self._tasks[row].over}
        for row in pending:
            self._tasks[row].joiners.append(partial(self._joined, pending, row, task, task.turn, direct=op.direct))
        return bool(pending)

    def _joined(self, pending: set[int], row: int, task: _Task, turn: int, *, direct: bool) -> None:
        pending.discard(row)
        if pending:
            return
        lane = self._tasks[row].lane
        if direct or lane is not task.lane:
            self._wake(task, turn, row, lane)
        else:
            self._later(task, turn, row)

    # Pools

    def _submit(self, task: _Task, op: ops.Submit) -> bool:
        job = self._program.jobs[op.job]
        self._job_lanes[op.job] = task.lane
        pool = self._pools[job.pool]
        pool.queue.append(op.job)
        self._work(pool, task.lane.now)
        return False

    def _work(self, pool: _Pool, now: int) -> None:
        """Free workers take jobs."""
        while pool.free and pool.queue:
            pool.free -= 1
            job = pool.queue.popleft()
            self._at(self._job_lanes[job], now + self._program.jobs[job].ns, partial(self._worked, pool, job, now))

    def _worked(self, pool: _Pool, job: int, began: int) -> None:
        """A job is over: not when the loop comes to hear of it, but when its time is up."""
        ended = began + self._program.jobs[job].ns
        pool.free += 1
        self._done.add(job)
        self._work(pool, ended)
        for collector in [each for each in self._collectors if job in each[0]]:
            jobs, op, task, turn = collector
            jobs.discard(job)
            if not jobs:
                self._collectors.remove(collector)
                self._at(task.lane, ended + op.lag_ns, partial(self._wake, task, turn, op.waker))

    def _collect(self, task: _Task, op: ops.Collect) -> bool:
        pending = {job for job in op.jobs if job not in self._done}
        if pending:
            self._collectors.append((pending, op, task, task.turn))
        return bool(pending)

    # Crews

    def _put(self, task: _Task, op: ops.Put) -> bool:
        queue = self._crews[op.crew]
        if queue.limit is not None and len(queue.items) >= queue.limit:
            return self._again(task, queue.putters)
        queue.items.append(op.item)
        self._next(queue.getters, task)
        return False

    def _draw(self, task: _Task, op: ops.Draw) -> bool:
        """Takes an item, or waits for it, and comes back here when it is done."""
        queue, items = self._crews[op.crew], self._program.crews[op.crew].items
        if task.doing:
            task.doing = False
            queue.done += 1
            if queue.done == len(items):
                self._next(queue.finishers, task, len(queue.finishers))
        if queue.drawn == len(items):
            return False
        if not queue.items:
            return self._again(task, queue.getters)
        task.doing = True
        task.frames[-1][1] -= 1
        task.frames.append([items[queue.items.popleft()], 0])
        queue.drawn += 1
        self._next(queue.putters, task)
        if queue.drawn == len(items):
            self._next(queue.getters, task, len(queue.getters))
        return False

    def _finish(self, task: _Task, op: ops.Finish) -> bool:
        queue = self._crews[op.crew]
        if queue.done == len(self._program.crews[op.crew].items):
            return False
        queue.finishers.append((task, task.turn))
        return True

    def _again(self, task: _Task, queue: deque[tuple[_Task, int]]) -> bool:
        """The task waits in a queue, and tries again when it is woken."""
        task.frames[-1][1] -= 1
        queue.append((task, task.turn))
        return True

    def _next(self, queue: deque[tuple[_Task, int]], waker: _Task, number: int = 1) -> None:
        """Wakes the first that wait in a queue."""
        while queue and number:
            waiting, turn = queue.popleft()
            number -= waiting.turn == turn
            self._wake(waiting, turn, waker.row, waker.lane)
