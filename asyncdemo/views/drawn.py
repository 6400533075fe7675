"""What is drawn in the cells of a task's lane."""

from __future__ import annotations

import re
from weakref import WeakKeyDictionary

from asyncdemo.timeline import MOMENTARY, SLIVER, Picture, State
from asyncdemo.trace import Outcome, Trace

_Known = tuple[Trace, int, dict[int, bytes]]
_known: WeakKeyDictionary[Picture, _Known] = WeakKeyDictionary()
"""Of each picture what was drawn of which trace in how many columns: a frame asks several times for the same lane."""

HOLES = re.compile(rb"([^\x00])\x00+(?=[^\x00])")


def drawn(picture: Picture, task: int) -> bytes:
    """The `State` to draw in each of a task's cells: the one in which most of the cell was spent, 0 for none."""
    trace, columns, lanes = _known.get(picture, (None, 0, {}))
    if trace is not picture.trace or columns != picture.columns:
        lanes = {}
        _known[picture] = picture.trace, picture.columns, lanes
    if task not in lanes:
        lanes[task] = _drawn(picture, task)
    return lanes[task]


def _drawn(picture: Picture, task: int) -> bytes:
    cells = bytes(picture.cells.dominant(task))
    if picture.sampled:
        return _bridged(cells, max(0, picture.trace.tasks.created_ns[task]) // picture.cell_ns)
    return _without_slivers(picture, task, cells if any(cells) else _at_once(picture, task, cells))


def _at_once(picture: Picture, task: int, cells: bytes) -> bytes:
    """A task that ran and ended in no time at all, as it can in virtual time, was running in one cell.

    One that ended badly has a mark there.
    """
    tasks = picture.trace.tasks
    if not tasks.steps[task] or tasks.outcome[task] != Outcome.RETURNED:
        return cells
    column = min(max(0, tasks.ended_ns[task]) // picture.cell_ns, picture.columns - 1)
    return cells[:column] + bytes([State.RUN]) + cells[column + 1 :]


def _bridged(cells: bytes, born: int) -> bytes:
    """Cells that a sampled picture knows nothing of go on as the cell before them, the first ones as the one after."""
    known = cells[born:].lstrip(b"\0")
    start = (known[:1] * (len(cells) - born - len(known))) + known
    return cells[:born] + HOLES.sub(lambda hole: hole[1] * len(hole[0]), start)


def _without_slivers(picture: Picture, task: int, cells: bytes) -> bytes:
    """Without the cells that a life only just touches; one stays at least."""
    life = cells.strip(b"\0")
    if not life or (life[0] not in MOMENTARY and life[-1] not in MOMENTARY):
        return cells
    stop = len(cells.rstrip(b"\0"))
    start = stop - len(life)
    while stop - start > 1 and _is_sliver(picture, task, cells, stop - 1):
        stop -= 1
    while stop - start > 1 and _is_sliver(picture, task, cells, start):
        start += 1
    return cells[start:stop].rjust(stop, b"\0").ljust(len(cells), b"\0")


def _is_sliver(picture: Picture, task: int, cells: bytes, column: int) -> bool:
    if cells[column] not in MOMENTARY:
        return False
    spent = sum(picture.cells.ns(task, state)[column] for state in State)
    return spent * SLIVER < picture.cell_ns
