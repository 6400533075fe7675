"""A trace with some of its tasks or resources left out."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from typing import TypeVar

from asyncdemo.trace import NONE, Holds, Levels, Trace

_AnyTable = TypeVar("_AnyTable")
_Kept = TypeVar("_Kept", Holds, Levels)


def without(trace: Trace, left_out: Collection[int]) -> Trace:
    """The same recording as if nobody had seen the tasks `left_out`: their steps, holds and cancellations are gone too.

    Who was woken, made or cancelled by one of them was so by nobody known. What they printed, blocked or had done on a
    thread is nobody's. The rows of all other tables stay what they are.
    """
    if not left_out:
        return trace
    kept = [row for row in range(len(trace.tasks)) if row not in left_out]
    places = array("i", [NONE]) * len(trace.tasks)
    for place, row in enumerate(kept):
        places[row] = place

    def moved(column: Sequence[int]) -> Sequence[int]:
        return _like(column, [places[row] if row >= 0 else row for row in column])

    def of_kept(table: _AnyTable, owner: Sequence[int]) -> _AnyTable:
        return _rows(table, [row for row, task in enumerate(owner) if places[task] >= 0])

    tasks = _rows(trace.tasks, kept)
    steps, running = of_kept(trace.steps, trace.steps.task), of_kept(trace.running, trace.running.task)
    cancels, holds = of_kept(trace.cancels, trace.cancels.task), of_kept(trace.holds, trace.holds.task)
    return replace(
        trace,
        tasks=replace(tasks, parent=moved(tasks.parent), cancelled_by=moved(tasks.cancelled_by)),
        steps=replace(steps, task=moved(steps.task), waker=moved(steps.waker)),
        running=replace(running, task=moved(running.task), waker=moved(running.waker)),
        cancels=replace(cancels, task=moved(cancels.task), by=moved(cancels.by)),
        waits=replace(trace.waits, task=moved(trace.waits.task)),
        holds=replace(holds, task=moved(holds.task)),
        jobs=replace(trace.jobs, task=moved(trace.jobs.task)),
        lines=replace(trace.lines, task=moved(trace.lines.task)),
        stalls=replace(trace.stalls, task=moved(trace.stalls.task)),
        pauses=replace(trace.pauses, task=moved(trace.pauses.task)),
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
