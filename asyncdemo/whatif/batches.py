"""Batches: tasks that one task makes and awaits, some at a time, at one line that it comes back to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from asyncdemo.trace import NONE, Trace
from asyncdemo.whatif.program import Compute, Join, Op, Program, Spawn


@dataclass(frozen=True, slots=True)
class Batches:
    """Where a task awaits a batch after the other.

    Attributes:
        site: the line.
        parents: the tasks that do.
        size: how many tasks the largest batch has.
    """

    site: int
    parents: tuple[int, ...]
    size: int


@dataclass(slots=True)
class _Batch:
    """One of them: what comes before, how each task is made, and how they are awaited."""

    before: list[Op]
    makings: list[list[Op]]
    closing: list[Op]
    join: Join


def batches(program: Program, trace: Trace) -> list[Batches]:
    """The places in a program where tasks are made and awaited in batches."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for task, life in enumerate(program.lives):
        sites = {trace.waits.site[op.wait] for op in life.ops if isinstance(op, Join) and not op.direct} - {NONE}
        for site in sites:
            cut, _ = _cut(life.ops, site, trace)
            if len(cut) > 1:
                found[site][task] = max(len(batch.makings) for batch in cut)
    return [Batches(site, tuple(sizes), max(sizes.values())) for site, sizes in found.items()]


def regrouped(program: Program, where: Batches, size: int, trace: Trace) -> Program:
    """The program with batches of so many tasks, each made as it was; what came between batches stays there."""
    changed = program.copy()
    for task in where.parents:
        life = program.lives[task]
        cut, rest = _cut(life.ops, where.site, trace)
        changed.lives[task] = replace(life, ops=[*_joined(cut, size), *rest])
    return changed


def _joined(cut: list[_Batch], size: int) -> Iterator[Op]:
    makings = [making for batch in cut for making in batch.makings]
    for number, first in enumerate(range(0, len(makings), size)):
        like = cut[min(number, len(cut) - 1)]
        part = makings[first : first + size]
        yield from like.before
        yield from (op for making in part for op in making)
        yield from like.closing
        tasks = tuple(making[-1].task for making in part if isinstance(making[-1], Spawn))
        yield replace(like.join, tasks=tasks)


def _cut(ops: Sequence[Op], site: int, trace: Trace) -> tuple[list[_Batch], list[Op]]:
    """The batches that are awaited at a line, and what comes after the last of them."""
    found: list[_Batch] = []
    pending: list[Op] = []
    for op in ops:
        if isinstance(op, Join) and trace.waits.site[op.wait] == site and any(_makes(each, op) for each in pending):
            found.append(_batch(pending, op))
            pending = []
        else:
            pending.append(op)
    return found, pending


def _makes(op: Op, join: Join) -> bool:
    return isinstance(op, Spawn) and op.task in join.tasks


def _batch(ops: list[Op], join: Join) -> _Batch:
    """What leads to the first making; the makings, each with the computing before it; the rest."""
    places = [place for place, op in enumerate(ops) if _makes(op, join)]
    first = places[0] - 1 if places[0] and isinstance(ops[places[0] - 1], Compute) else places[0]
    bounds = [first, *(place + 1 for place in places)]
    makings = [ops[begin:end] for begin, end in pairwise(bounds)]
    return _Batch(ops[:first], makings, ops[bounds[-1] :], join)
