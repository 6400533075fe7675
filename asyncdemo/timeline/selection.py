"""A trace with some of its tasks or resources left out."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from typing import TypeVar

from asyncdemo.trace import NONE, Holds, Levels, Running, Steps, Trace

_AnyTable = TypeVar("_AnyTable")
_Kept = TypeVar("_Kept", Holds, Levels)
_Stepping = TypeVar("_Stepping", Steps, Running)


def without(trace: Trace, left_out: Collection[int]) -> Trace:
    """The same recording as if nobody had seen the tasks `left_out`: their steps, holds and cancellations are gone too.

    Who was woken, made or cancelled by one of them was so by nobody known. What they printed, blocked or had done on a
    thread is nobody's. The rows of all other tables stay what they are.
    """
    if not left_out:
        return trace

    def of_others(owner: Sequence[int]) -> list[int]:
        return [row for row, task in enumerate(owner) if task not in left_out]

    tasks = of_others(range(len(trace.tasks)))
    return only(trace, tasks, holds=of_others(trace.holds.task), cancels=of_others(trace.cancels.task))


def only(trace: Trace, kept: Sequence[int], *, holds: Sequence[int], cancels: Sequence[int]) -> Trace:
    """The same with the tasks `kept` alone, in that order, and of the holds and the cancellations only these rows.

    Whatever is told of other tasks is told of nobody; these rows must be of tasks that are kept.
    """
    places = array("i", [NONE]) * len(trace.tasks)
    for place, row in enumerate(kept):
        places[row] = place

    def moved(column: Sequence[int]) -> Sequence[int]:
        return _like(column, [places[row] if row >= 0 else row for row in column])

    def of_kept(table: _Stepping) -> _Stepping:
        rows = _rows(table, [row for row, task in enumerate(table.task) if places[task] >= 0])
        return replace(rows, task=moved(rows.task), waker=moved(rows.waker))

    tasks, held, asked = _rows(trace.tasks, kept), _rows(trace.holds, holds), _rows(trace.cancels, cancels)
    hung = _rows(trace.hangs, [row for row, task in enumerate(trace.hangs.task) if places[task] >= 0])
    return replace(
        trace,
        tasks=replace(tasks, parent=moved(tasks.parent), cancelled_by=moved(tasks.cancelled_by)),
        steps=of_kept(trace.steps),
        running=of_kept(trace.running),
        cancels=replace(asked, task=moved(asked.task), by=moved(asked.by)),
        waits=replace(trace.waits, task=moved(trace.waits.task)),
        holds=replace(held, task=moved(held.task)),
        jobs=replace(trace.jobs, task=moved(trace.jobs.task)),
        lines=replace(trace.lines, task=moved(trace.lines.task)),
        stalls=replace(trace.stalls, task=moved(trace.stalls.task)),
        pauses=replace(trace.pauses, task=moved(trace.pauses.task)),
        losses=replace(trace.losses, task=moved(trace.losses.task)),
        hangs=replace(hung, task=moved(hung.task)),
    )


def without_resources(trace: Trace, left_out: Collection[int]) -> Trace:
    """The same recording as if nobody had seen who held the resources `left_out`, and how full they were."""

    def of_others(table: _Kept) -> _Kept:
        return _rows(table, [row for row, resource in enumerate(table.resource) if resource not in left_out])

    return replace(trace, holds=of_others(trace.holds), levels=of_others(trace.levels)) if left_out else trace


def _rows(table: _AnyTable, rows: Sequence[int]) -> _AnyTable:
    """A table with only these of its rows."""
    columns = {each.name: getattr(table, each.name) for each in fields(table)}  # type: ignore[arg-type]
    picked = {name: _like(column, [column[row] for row in rows]) for name, column in columns.items()}
    return replace(table, **picked)  # type: ignore[type-var]


def _like(column: Sequence[int], values: list[int]) -> Sequence[int]:
    """Values as a column of the same kind."""
    return memoryview(array(memoryview(column).format, values)).toreadonly() if len(column) else values  # type: ignore[arg-type]
