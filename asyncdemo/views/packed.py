"""Packed slots: tasks that follow one another share a row, each with its name at its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from asyncdemo.timeline import Labels, Picture, Span, seated
from asyncdemo.trace import NONE, Trace, Wait
from asyncdemo.views.canvas import Line
from asyncdemo.views.frame import Frame
from asyncdemo.views.glyphs import WORKING
from asyncdemo.views.rows import held_rows, namer
from asyncdemo.views.units import counted

CELLS_FOR_A_TASK = 2
TURNS = (Wait.LOCK, Wait.SEMAPHORE)
"""Waits for one's turn."""


def packable(picture: Picture, tasks: int, rows: int, cells: int) -> bool:
    """Whether that many tasks could share these rows, which costs little to tell."""
    at_once = picture.peak_held if len(picture.trace.holds) else picture.peak_tasks
    return at_once <= rows + 1 and tasks * CELLS_FOR_A_TASK <= min(rows, at_once) * cells


class Packed(NamedTuple):
    """Tasks in rows.

    Attributes:
        rows: tasks that follow one another, a row each.
        not_shown: how many tasks are in none, because they never held what others hold.
    """

    rows: tuple[tuple[Span, ...], ...]
    not_shown: int


def packing(picture: Picture, tasks: Sequence[int], rows: int, cells: int) -> Packed:
    """The tasks in as few rows as possible; nothing when that takes too many rows, or a row has more than it can show.

    A task lasts from its first hold to its last when it holds anything, else from its creation to its end; of those
    that have not held anything yet the ones that queue up are not shown.
    """
    spans = _spans(picture, tasks)
    packed = seated(spans)
    most = max(map(len, packed), default=0)
    fits = len(packed) <= rows and most * CELLS_FOR_A_TASK <= cells
    return Packed(packed if fits else (), len(tasks) - len(spans))


def _spans(picture: Picture, tasks: Sequence[int]) -> list[Span]:
    trace = picture.trace
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for task, start, end in zip(trace.holds.task, trace.holds.from_ns, trace.holds.to_ns, strict=True):
        first.setdefault(task, start)
        last[task] = end
    created, ended = trace.tasks.created_ns, trace.tasks.ended_ns
    queues = _queueing(trace)
    return [
        Span(first.get(task, created[task]), last.get(task, ended[task]), task)
        for task in tasks
        if task in first or task not in queues
    ]


def _queueing(trace: Trace) -> set[int]:
    """Tasks that have not begun or wait for a lock or a slot, or did so last, where anything is held at all."""
    if not len(trace.holds):
        return set()
    kinds, tasks = trace.waits.kind, trace.tasks
    turns = {wait for wait, kind in enumerate(kinds) if kind in TURNS}
    queueing = {task for task, wait in zip(trace.steps.task, trace.steps.wait, strict=True) if wait in turns}
    queueing.update(task for task, wait in enumerate(tasks.waiting) if wait in turns)
    begun = zip(tasks.outcome, tasks.started_ns, strict=True)
    queueing.update(task for task, (outcome, start) in enumerate(begun) if not outcome and start == NONE)
    return queueing


def packed_rows(frame: Frame, picture: Picture, packed: Packed, tasks: Sequence[int]) -> list[Line]:
    """The time axis, the packed rows and the ticks under them."""
    rows = {f"row {number}": _cells(picture, row) for number, row in enumerate(packed.rows, 1)}
    drawn = held_rows(frame, rows, namer(picture, tasks))
    return [frame.time_axis("tasks", picture.cell_ns), *drawn, frame.tick_line(picture.cell_ns)]


def _cells(picture: Picture, row: Sequence[Span]) -> list[tuple[int, int]]:
    """Who was there in each cell of a row."""
    labels = Labels(picture.columns, picture.cell_ns)
    for start, end, task in row:
        labels.add(0, task, start, end)
    return labels.rows[0] if labels.rows else []


def packed_legend(frame: Frame, picture: Picture, packed: Packed) -> list[Line]:
    """What the rows show, and how many tasks are in none."""
    trace = picture.trace
    names = [trace.text(trace.resources.name[row]) for row in set(trace.holds.resource)]
    does = [f"holds {names[0]}"] if len(names) == 1 else []
    holders = set(trace.holds.task)
    if not does or any(span.who not in holders for row in packed.rows for span in row):
        does.append("is under way")
    items = [Line(f"12{frame.glyphs.line}", WORKING).put(f" task 12 {' or '.join(does)}")]
    if packed.not_shown:
        items.append(Line(f"{counted(packed.not_shown, 'task')} not shown: nothing held"))
    return items
