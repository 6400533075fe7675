"""A trace with some of its tasks or resources, or its beginning, left out."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from asyncdemo.schema import DURATIONS, schema
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


def in_order(trace: Trace, left_out: Collection[int]) -> Trace:
    """The same without the tasks `left_out`, and with the others in order of creation."""
    kept = set(range(len(trace.tasks))).difference(left_out)
    holds, cancels = (
        [row for row, task in enumerate(table.task) if task in kept] for table in (trace.holds, trace.cancels)
    )
    return only(trace, sorted(kept, key=trace.tasks.created_ns.__getitem__), holds=holds, cancels=cancels)


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
    timed = _rows(trace.timeouts, [row for row, task in enumerate(trace.timeouts.task) if places[task] >= 0])
    hung = _rows(trace.hangs, [row for row, task in enumerate(trace.hangs.task) if places[task] >= 0])
    return replace(
        trace,
        tasks=replace(tasks, parent=moved(tasks.parent), cancelled_by=moved(tasks.cancelled_by)),
        steps=of_kept(trace.steps),
        running=of_kept(trace.running),
        cancels=replace(asked, task=moved(asked.task), by=moved(asked.by)),
        timeouts=replace(timed, task=moved(timed.task), limited=moved(timed.limited)),
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


def newest(trace: Trace, most: int, *, lines: bool = False) -> Trace:
    """The recording from where its last steps begin, at least 1 and `most` of them; see `later`."""
    steps = trace.steps
    found = later(trace, steps.start_ns[max(0, len(steps) - most)], lines=lines)
    # In virtual time many steps begin at once.
    return replace(found, steps=_rows(found.steps, range(max(0, len(found.steps) - most), len(found.steps))))


def later(trace: Trace, start_ns: int, *, lines: bool = False) -> Trace:
    """The recording from `start_ns` on, from where its times count then.

    Tasks that ended before are gone, unless one that had not ended was made by them. What had begun and went on stays
    whole, so that some times are negative. With `lines` all that was printed stays.
    """
    kept = _with_makers(trace.tasks.parent, [row for row, end in enumerate(trace.tasks.ended_ns) if end >= start_ns])
    trace = without(trace, set(range(len(trace.tasks))) - kept)
    ends = {name: column for name, column in ENDS.items() if not (lines and name == "lines")}
    tables = {name: _since(getattr(trace, name), column, start_ns) for name, column in ends.items()}
    return shifted(replace(trace, **tables), -start_ns)


ENDS = {
    "steps": "start_ns",
    "cancels": "t_ns",
    "timeouts": "left_ns",
    "holds": "to_ns",
    "levels": "t_ns",
    "jobs": "ended_ns",
    "lines": "t_ns",
    "stalls": "end_ns",
    "pauses": "end_ns",
}
"""The columns that tell whether a row belongs to a later part of a recording."""


def _with_makers(parents: Sequence[int], rows: list[int]) -> set[int]:
    """These tasks with those that made them, and so on."""
    found: set[int] = set()
    while rows:
        row = rows.pop()
        if row != NONE and row not in found:
            found.add(row)
            rows.append(parents[row])
    return found


def _since(table: _AnyTable, column: str, start_ns: int) -> _AnyTable:
    return _rows(table, [row for row, time in enumerate(getattr(table, column)) if time >= start_ns])


def shifted(trace: Trace, by_ns: int) -> Trace:
    """The same recording with its times moved by so much."""
    moved: dict[str, Any] = {}
    for name, table in trace.tables():
        times = [column for column, code in schema()[name].items() if code == "q" and column not in DURATIONS]
        columns = {column: _moved(getattr(table, column), by_ns) for column in times}
        if name == "tasks":
            begun = zip(trace.tasks.started_ns, columns["started_ns"], trace.tasks.steps, strict=True)
            columns["started_ns"] = _times([NONE if was == NONE and not steps else to for was, to, steps in begun])
        moved[name] = replace(table, **columns)  # type: ignore[type-var]
    return replace(trace, **moved, duration_ns=trace.duration_ns + by_ns)


def _moved(times: Sequence[int], by_ns: int) -> memoryview:
    return _times([time + by_ns for time in times])


def _times(values: list[int]) -> memoryview:
    return memoryview(array("q", values)).toreadonly()


def _rows(table: _AnyTable, rows: Sequence[int]) -> _AnyTable:
    """A table with only these of its rows."""
    columns = {each.name: getattr(table, each.name) for each in fields(table)}  # type: ignore[arg-type]
    picked = {name: _like(column, [column[row] for row in rows]) for name, column in columns.items()}
    return replace(table, **picked)  # type: ignore[type-var]


def _like(column: Sequence[int], values: list[int]) -> Sequence[int]:
    """Values as a column of the same kind."""
    return memoryview(array(memoryview(column).format, values)).toreadonly() if len(column) else values  # type: ignore[arg-type]
