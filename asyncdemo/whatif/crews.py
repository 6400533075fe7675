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
from itertools import pairwise

from asyncdemo.trace import NONE, Trace, Wait
from asyncdemo.whatif.places import Places
from asyncdemo.whatif.program import (
    Cancel,
    Draw,
    Finish,
    Hear,
    Item,
    Join,
    Op,
    Program,
    Spawn,
    Tell,
    Waiting,
)
from asyncdemo.whatif.reading import read

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
        if key[1] != NONE:
            groups[key].append(task)
    getters, takes = _getters(trace), _takes(trace)
    found = []
    for (_, site, coro), members in groups.items():
        for queue, times in takes.items():
            those = getters.get(queue)
            if those & {*members} if those else _ran_at(places, trace, members, times):
                found.append(Crew(trace.text(coro).rpartition(".")[2], site, queue, tuple(members)))
    return found


def _getters(trace: Trace) -> dict[int, set[int]]:
    """The tasks that waited for an item of each queue."""
    found, waits = defaultdict[int, set[int]](set), trace.waits
    for task, wait in zip(trace.steps.task, trace.steps.wait, strict=True):
        if wait != NONE and waits.kind[wait] == Wait.QUEUE_GET:
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
    program = read(trace, places, cut.tells)
    index = len(program.crews)
    program.crews.append(cut.items)
    for task in crew.members:
        ops = [*cut.before[task], cut.draw(index), *cut.after[task]]
        program.lives[task] = replace(program.lives[task], ops=ops)
    gone, last, added = {*crew.members[number:]}, crew.members[-1], list[int]()
    for _ in range(number - len(crew.members)):
        added.append(len(program.lives))
        ops = [op for op in program.lives[last].ops if not isinstance(op, Tell)]
        program.lives.append(replace(program.lives[last], ops=ops))
        program.models.append(last)
    for task, life in enumerate(program.lives):
        ops = [] if task in gone else list(_with(life.ops, last, added, gone, crew.queue, index, trace))
        program.lives[task] = replace(life, ops=ops, ends=life.ends and task not in gone)
    return program


def _with(
    ops: Sequence[Op], last: int, added: list[int], gone: set[int], queue: int, crew: int, trace: Trace
) -> Iterator[Op]:
    """What a task does with other workers around: it makes, awaits and ends them all, and awaits all items."""
    for op in ops:
        if isinstance(op, Join) and (last in op.tasks or gone & {*op.tasks}):
            more = added if last in op.tasks else []
            yield replace(op, tasks=(*(task for task in op.tasks if task not in gone), *more))
        elif isinstance(op, Hear) and op.wait != NONE and _is_join(trace, op.wait, queue):
            yield Finish(op.wait, op.lead_ns, crew)
        elif isinstance(op, Spawn | Cancel):
            if op.task not in gone:
                yield op
            if op.task == last:
                yield from (replace(op, task=task) for task in added)
        else:
            yield op


def _is_join(trace: Trace, wait: int, queue: int) -> bool:
    return trace.waits.kind[wait] == Wait.QUEUE_JOIN and trace.waits.resource[wait] == queue


class _Cut:
    """What workers did, cut into items.

    Attributes:
        items: in the order in which they were taken.
        before: what each worker did before its first item.
        after: what each did after its last one.
        tells: in which steps, and when, items were put.
    """

    def __init__(self, trace: Trace, places: Places, crew: Crew, program: Program) -> None:
        self._trace = trace
        self._crew = crew
        self._ending = {op.signal for life in program.lives for op in life.ops if isinstance(op, Cancel)}
        self._ending |= {program.lives[task].shutdown for task in crew.members} - {NONE}
        self._wait = NONE
        self.before: dict[int, list[Op]] = {}
        self.after: dict[int, list[Op]] = {}
        self.tells: list[tuple[int, int, Op]] = []
        taken: list[tuple[int, int, Item]] = []
        mark = self._mark(program)
        for task in crew.members:
            pieces = self._pieces(program.lives[task].ops, mark)
            self.before[task] = [op for op in pieces[0] if not self._is_get(op)]
            self.after[task] = self._ending_of(pieces)
            times = self._times(places, task, mark)
            taken += [(t_ns, row, self._item(piece)) for (t_ns, row), piece in zip(times, pieces[1:], strict=True)]
        taken.sort(key=lambda each: each[:2])
        self.items = [item for _, _, item in taken]
        self._wait_for_puts(places, [t_ns for t_ns, _, _ in taken])

    def draw(self, crew: int) -> Draw:
        """The operation that stands for all items."""
        return Draw(self._wait, 0, crew)

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
            self._wait = op.wait
            return True
        return kind == Wait.BRIEF

    def _item(self, piece: list[Op]) -> Item:
        return Item(tuple(op for op in piece if not self._is_get(op)))

    # When items were put

    def _wait_for_puts(self, places: Places, taken: list[int]) -> None:
        """Makes each item wait for the step that put it, unless that was a worker's own."""
        puts = [(t_ns, self._putters(places, t_ns)) for t_ns in self._puts(taken)[: len(self.items)]]
        often = Counter(task for _, steps in puts for task in steps)
        for number, (t_ns, steps) in enumerate(puts):
            if steps:
                signal = len(self._trace.steps) + number
                self.items[number] = replace(self.items[number], signal=signal)
                self.tells.append((steps[max(steps, key=often.__getitem__)], t_ns, Tell(signal)))

    def _putters(self, places: Places, t_ns: int) -> dict[int, int]:
        """Who may have put an item: the tasks, workers left out, that ran at a moment, and in which step."""
        of = self._trace.steps.task
        return {of[row]: row for row in places.all_at(t_ns) if of[row] not in self._crew.members}

    def _puts(self, taken: list[int]) -> list[int]:
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
        return puts
