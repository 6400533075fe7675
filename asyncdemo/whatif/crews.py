"""Workers: like tasks that take items from one queue.

What each of them did is cut into what it did before its first item, item by item, and afterwards. The items are then
taken by whichever worker is free, in the order in which they were taken, and not before they were put.

Where one item ends and the next begins is no event of a recording: the first wait of an item that is no wait for the
queue marks it, as it comes back with every item.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import itemgetter

import asyncdemo.whatif.program as program_model
from asyncdemo.trace import NONE, Trace, Wait
from asyncdemo.whatif.places import Places
from asyncdemo.whatif.program import (
    Cancel,
    Draw,
    Finish,
    Hear,
    Join,
    Op,
    Program,
    Put,
    Spawn,
    Tell,
    Waiting,
)
from asyncdemo.whatif.reading import read

_FIRST = 0
"""The place of the crew in the program, which has no other."""
_NO_MARK = frozenset({Wait.QUEUE_GET, Wait.BRIEF, Wait.YIELD})


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers, and the queue that they take from.

    Attributes:
        name: what their coroutine is called.
        site: where they were made.
        queue: row of `Trace.resources`.
        members: rows of `Trace.tasks`.
    """

    name: str
    site: int
    queue: int
    members: tuple[int, ...]


def crews(trace: Trace, places: Places) -> list[Crew]:
    """The crews of a recording: tasks that one task made of one coroutine at one line, and that took from a queue."""
    tasks, groups = trace.tasks, defaultdict[tuple[int, int, int], list[int]](list)
    for task, key in enumerate(zip(tasks.parent, tasks.site, tasks.coro, strict=True)):
        if NONE not in key[:2]:
            groups[key].append(task)
    getters, putters, takes = _waiters(trace, Wait.QUEUE_GET), _waiters(trace, Wait.QUEUE_PUT), _takes(trace)
    found = []
    for (_, site, coro), members in groups.items():
        for queue, times in takes.items():
            those, own = getters.get(queue), {*members}
            if those & own if those else _seem_to_take(places, trace, members, times) and not putters[queue] & own:
                found.append(Crew(trace.text(coro).rpartition(".")[2], site, queue, tuple(members)))
    return found


def _waiters(trace: Trace, kind: Wait) -> dict[int, set[int]]:
    """The tasks that waited for an item of each queue, or for room in it."""
    found, waits = defaultdict[int, set[int]](set), trace.waits
    for task, wait in zip(trace.steps.task, trace.steps.wait, strict=True):
        if wait != NONE and waits.kind[wait] == kind:
            found[waits.resource[wait]].add(task)
    return found


def _takes(trace: Trace) -> dict[int, set[int]]:
    """When each queue grew shorter."""
    found, levels, before = defaultdict[int, set[int]](set), trace.levels, dict[int, int]()
    for queue, t_ns, level in zip(levels.resource, levels.t_ns, levels.level, strict=True):
        if level < before.get(queue, 0):
            found[queue].add(t_ns)
        before[queue] = level
    return found


def _seem_to_take(places: Places, trace: Trace, members: list[int], times: set[int]) -> bool:
    """Whether one of the members ran whenever a queue grew shorter, and not always the task that made them as well."""
    maker = trace.tasks.parent[members[0]]
    return _ran_at(places, trace, members, times) and not _ran_at(places, trace, [maker], times)


def _ran_at(places: Places, trace: Trace, members: list[int], times: set[int]) -> bool:
    """Whether at each of these moments a step of one of the members ran."""
    own = {task for task in members if places.by_task[task]}
    return all(not own.isdisjoint(trace.steps.task[row] for row in places.all_at(t_ns)) for t_ns in times)


class NotCutError(Exception):
    """The items of a crew cannot be told apart; the message says why."""


def staffed(crew: Crew, number: int, trace: Trace, places: Places) -> Program:
    """The program with so many workers in a crew.

    Raises:
        NotCutError: what the workers did cannot be cut into items.
    """
    cut = _Cut(trace, places, crew, read(trace, places))
    program = read(trace, places, cut.puts)
    program.crews.append(program_model.Crew(crew.queue, tuple(cut.items), tuple(cut.there)))
    for task in crew.members:
        ops = [*cut.before[task], cut.draw, *cut.after[task]]
        program.lives[task] = replace(program.lives[task], ops=ops)
    gone, last, added = {*crew.members[number:]}, crew.members[-1], list[int]()
    for _ in range(number - len(crew.members)):
        added.append(len(program.lives))
        ops = [op for op in program.lives[last].ops if not isinstance(op, Tell)]
        program.lives.append(replace(program.lives[last], ops=ops))
        program.models.append(last)
    for task, life in enumerate(program.lives):
        ops = [] if task in gone else list(_putting([*_with(life.ops, last, added, gone)], crew.queue, trace))
        program.lives[task] = replace(life, ops=ops, ends=life.ends and task not in gone)
    return program


def _with(ops: Sequence[Op], last: int, added: list[int], gone: set[int]) -> Iterator[Op]:
    """What a task does with other workers around: it makes, awaits and ends them all."""
    for op in ops:
        if isinstance(op, Join) and (last in op.tasks or gone & {*op.tasks}):
            more = added if last in op.tasks else []
            yield replace(op, tasks=(*(task for task in op.tasks if task not in gone), *more))
        elif isinstance(op, Spawn | Cancel):
            if op.task not in gone:
                yield op
            if op.task == last:
                yield from (replace(op, task=task) for task in added)
        else:
            yield op


def _putting(ops: Sequence[Op], queue: int, trace: Trace) -> Iterator[Op]:
    """What a task does when the queue itself says when there is room in it, and when all of its items are done."""
    waits, blocked = trace.waits, NONE
    for place, op in enumerate(ops):
        if isinstance(op, Put):
            yield replace(op, wait=blocked)
            blocked = NONE
        elif not isinstance(op, Hear) or op.wait == NONE:
            yield op
        elif waits.kind[op.wait] == Wait.QUEUE_JOIN and waits.resource[op.wait] == queue:
            yield Finish(op.wait, op.lead_ns, _FIRST)
        elif _is_put(trace, op.wait, queue) or (waits.kind[op.wait] == Wait.BRIEF and _puts_next(ops, place + 1)):
            blocked = op.wait
        else:
            yield op


def _puts_next(ops: Sequence[Op], place: int) -> bool:
    """Whether a task puts an item before it waits again."""
    following = next((op for op in ops[place:] if isinstance(op, Waiting)), None)
    return isinstance(following, Put)


def _is_put(trace: Trace, wait: int, queue: int) -> bool:
    return trace.waits.kind[wait] == Wait.QUEUE_PUT and trace.waits.resource[wait] == queue


class _Cut:
    """What workers did, cut into items.

    Attributes:
        items: in the order in which they were taken.
        before: what each worker did before its first item.
        after: what each did after its last one.
        puts: in which steps, and when, items were put.
        there: the items of which that is not known.
        draw: the operation that stands for all items.
    """

    def __init__(self, trace: Trace, places: Places, crew: Crew, program: Program) -> None:
        self._trace = trace
        self._crew = crew
        self._ending = {op.signal for life in program.lives for op in life.ops if isinstance(op, Cancel)}
        self._ending |= {program.lives[task].shutdown for task in crew.members} - {NONE}
        self.draw = Draw(NONE, 0, _FIRST)
        self.before: dict[int, list[Op]] = {}
        self.after: dict[int, list[Op]] = {}
        self.puts: list[tuple[int, int, Op]] = []
        taken: list[tuple[int, int, tuple[Op, ...]]] = []
        mark = self._mark(program)
        for task in crew.members:
            pieces = self._pieces(program.lives[task].ops, mark)
            self.before[task] = [op for op in pieces[0] if not self._is_get(op)]
            self.after[task] = self._ending_of(pieces)
            times = self._times(places, task, mark)
            taken += [(t_ns, row, self._item(piece)) for (t_ns, row), piece in zip(times, pieces[1:], strict=True)]
        taken.sort(key=lambda each: each[:2])
        self.items = [item for _, _, item in taken]
        self._find_puts(places, self._put_times([t_ns for t_ns, _, _ in taken]))
        known = {op.item for _, _, op in self.puts if isinstance(op, Put)}
        self.there = [item for item in range(len(self.items)) if item not in known]

    def _mark(self, program: Program) -> int:
        """The site of the wait that items begin with."""
        for task in self._crew.members:
            for op in program.lives[task].ops:
                if isinstance(op, Waiting) and op.wait != NONE and self._marks(op.wait):
                    return self._trace.waits.site[op.wait]
        name = self._crew.name
        raise NotCutError(f"{name}() waits for nothing but the queue, so its items cannot be told apart")

    def _marks(self, wait: int) -> bool:
        return self._trace.waits.kind[wait] not in _NO_MARK

    def _begins(self, op: Op, mark: int) -> bool:
        if not isinstance(op, Waiting) or op.wait == NONE or not self._marks(op.wait):
            return False
        return self._trace.waits.site[op.wait] == mark and not (isinstance(op, Hear) and op.signal in self._ending)

    def _pieces(self, ops: Sequence[Op], mark: int) -> list[list[Op]]:
        pieces: list[list[Op]] = [[]]
        for op in ops:
            if self._begins(op, mark):
                pieces.append([])
            pieces[-1].append(op)
        return pieces

    def _times(self, places: Places, task: int, mark: int) -> list[tuple[int, int]]:
        """When each item of a worker was taken, which is when its first wait began, and in which step."""
        steps, waits = self._trace.steps, self._trace.waits
        return [
            (places.since_ns[row], before)
            for before, row in pairwise(places.by_task[task])
            if (wait := steps.wait[row]) != NONE and self._marks(wait)
            if waits.site[wait] == mark and row not in self._ending
        ]

    def _ending_of(self, pieces: list[list[Op]]) -> list[Op]:
        """What a worker did once it was told to end; taken from its last item."""
        for place, op in enumerate(pieces[-1]):
            if isinstance(op, Hear) and op.signal in self._ending:
                rest = pieces[-1][place:]
                del pieces[-1][place:]
                return rest
        return []

    def _is_get(self, op: Op) -> bool:
        """Whether an operation is the wait for an item, which the item itself knows of."""
        if not isinstance(op, Hear) or op.wait == NONE:
            return False
        kind = self._trace.waits.kind[op.wait]
        if kind == Wait.QUEUE_GET and self._trace.waits.resource[op.wait] == self._crew.queue:
            self.draw = Draw(op.wait, 0, _FIRST)
            return True
        return kind == Wait.BRIEF

    def _item(self, piece: list[Op]) -> tuple[Op, ...]:
        return tuple(op for op in piece if not self._is_get(op))

    # When items were put

    def _find_puts(self, places: Places, times: list[int]) -> None:
        """In which steps items were put: of those who ran at once each has put one, if they often ran when one was."""
        running = {t_ns: self._putters(places, t_ns) for t_ns in set(times)}
        often = Counter(task for steps in running.values() for task in steps)
        for t_ns, group in groupby(enumerate(times), key=itemgetter(1)):
            items, steps = [item for item, _ in group], running[t_ns]
            tasks = sorted(steps, key=lambda task: (not self._had_waited(steps[task]), -often[task]))[: len(items)]
            rows = sorted(steps[task] for task in tasks)
            rows = rows + [steps[tasks[0]]] * (len(items) - len(rows)) if rows else []
            self.puts += [(row, t_ns, Put(NONE, 0, _FIRST, item)) for row, item in zip(rows, items, strict=False)]

    def _putters(self, places: Places, t_ns: int) -> dict[int, int]:
        """Who may have put an item: the tasks, workers left out, that ran at a moment, and in which step."""
        of = self._trace.steps.task
        return {of[row]: row for row in places.all_at(t_ns) if of[row] not in self._crew.members}

    def _had_waited(self, step: int) -> bool:
        """Whether a step began when there was room in the queue."""
        wait = self._trace.steps.wait[step]
        return wait != NONE and _is_put(self._trace, wait, self._crew.queue)

    def _put_times(self, taken: list[int]) -> list[int]:
        """When each item was put, as far as the queue's length and what was taken from it tell."""
        levels, burst = self._trace.levels, self._trace.meta.get("burst_ns", 0)
        puts: list[int] = []
        before = 0
        for queue, t_ns, level in zip(levels.resource, levels.t_ns, levels.level, strict=True):
            if queue != self._crew.queue:
                continue
            there = bisect_right(taken, t_ns + burst) + level if burst else len(puts) + level - before
            puts += [t_ns] * (there - len(puts))
            before = level
        return puts[: len(self.items)]
