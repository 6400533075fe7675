"""Recordings of several processes as one."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final, NamedTuple

from asyncdemo.schema import reference, schema, tables
from asyncdemo.selection import shifted
from asyncdemo.trace import NONE, Trace

SORTED: Final = {
    "steps": "start_ns",
    "running": "start_ns",
    "cancels": "t_ns",
    "timeouts": "out_ns",
    "holds": "from_ns",
    "levels": "t_ns",
    "jobs": "submitted_ns",
    "lines": "t_ns",
    "stalls": "start_ns",
    "pauses": "start_ns",
}
"""Tables whose rows are in order of time, and which column tells it; nothing refers to their rows."""
ADDED_UP: Final = ("gc_runs", "gc_ns")
"""What `meta` counts."""


class Child(NamedTuple):
    """What a child process recorded.

    Attributes:
        trace: its recording.
        at_ns: how long after the origin of the first process's trace its own origin lies.
        parent: the process that started it, by pid.
    """

    trace: Trace
    at_ns: int
    parent: int


def joined(first: Trace, children: Sequence[Child]) -> Trace:
    """One trace of what several processes recorded.

    Args:
        first: the recording of the program's own process, whose `meta` stays.
        children: those of its children and their children.

    Returns:
        A trace whose tables have the rows of all, process by process, and in order of time where that is their order.
        Its times count from the creation of the first task of any process. Resources of children have the name of
        their process in their own.
    """
    all_ = [Child(first, 0, NONE), *(each._replace(trace=_told_apart(each.trace)) for each in children)]
    created = (each.at_ns + each.trace.tasks.created_ns[0] for each in all_ if len(each.trace.tasks))
    origin = min(created, default=0)
    parts = _placed([_Part(shifted(each.trace, each.at_ns - origin)) for each in all_])
    found = {name: _table(name, parts) for name in tables()}
    found["processes"]["parent"] = _parents(found["processes"]["pid"], [each.parent for each in all_])
    return Trace(
        meta={**first.meta, **_added_up([part.trace.meta for part in parts])},
        duration_ns=max(0, *(part.trace.duration_ns for part in parts)),
        strings=tuple(chain.from_iterable(part.trace.strings for part in parts)),
        lost=dict(sum((Counter(part.trace.lost) for part in parts), Counter[str]())),
        **{name: tables()[name](**columns) for name, columns in found.items()},
    )


class _Part:
    """A trace, and how many rows of each table come before its own."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.before: dict[str, int] = {}

    def rows(self) -> Iterator[tuple[str, int]]:
        """How many rows each table has, strings included."""
        yield "strings", len(self.trace.strings)
        yield from ((name, len(table)) for name, table in self.trace.tables())

    def column(self, table: str, name: str, code: str) -> Sequence[int]:
        """A column with its references as they are in the whole."""
        values: Sequence[int] = getattr(getattr(self.trace, table), name)
        before = self.before.get(reference(table, name)[0], 0) if code == "i" else 0
        return [value + before if value >= 0 else value for value in values] if before else values


def _placed(parts: list[_Part]) -> list[_Part]:
    placed: Counter[str] = Counter()
    for part in parts:
        part.before = dict(placed)
        placed.update(dict(part.rows()))
    return parts


def _table(name: str, parts: Sequence[_Part]) -> dict[str, memoryview]:
    columns = {
        column: array(code, chain.from_iterable(part.column(name, column, code) for part in parts))
        for column, code in schema()[name].items()
    }
    by = SORTED.get(name)
    if by is not None:
        times = columns[by]
        order = sorted(range(len(times)), key=times.__getitem__)
        columns = {each: array(values.typecode, map(values.__getitem__, order)) for each, values in columns.items()}
    return {each: memoryview(values).toreadonly() for each, values in columns.items()}


def _parents(pids: Sequence[int], parents: Sequence[int]) -> memoryview:
    """For each process the row of the one that started it."""
    rows = {pid: row for row, pid in enumerate(pids)}
    return memoryview(array("i", [rows.get(parent, NONE) for parent in parents])).toreadonly()


def _told_apart(trace: Trace) -> Trace:
    """The trace of a child with the name of its process in those of its resources."""
    place = f" in {trace.text(trace.processes.name[0])}"
    names = [trace.text(name) + place for name in trace.resources.name]
    first = len(trace.strings)
    renamed = memoryview(array("i", range(first, first + len(names)))).toreadonly()
    return replace(trace, strings=(*trace.strings, *names), resources=replace(trace.resources, name=renamed))


def _added_up(metas: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {name: sum(meta.get(name, 0) for meta in metas) for name in ADDED_UP if name in metas[0]}
