"""What the columns of a trace are, and what their values refer to: read from the tables, so nothing is listed twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Final, get_type_hints

from asyncdemo.trace import NONE, Actor, Table, Trace

ANY: Final = -(2**31)
REFERENCES: Final[Mapping[str, tuple[str, int]]] = {
    **dict.fromkeys(("file", "function", "thread", "kind", "name", "coro", "error"), ("strings", NONE)),
    **dict.fromkeys(("on", "text", "origin", "doing", "what"), ("strings", NONE)),
    **dict.fromkeys(("defined", "site", "cancelled_at", "made"), ("sites", NONE)),
    **dict.fromkeys(("task", "parent", "limited"), ("tasks", NONE)),
    **dict.fromkeys(("waker", "cancelled_by", "by"), ("tasks", min(Actor))),
    **dict.fromkeys(("wait", "waiting"), ("waits", NONE)),
    **dict.fromkeys(("frame", "caller"), ("frames", NONE)),
    "loop": ("loops", NONE),
    "process": ("processes", NONE),
    "processes.parent": ("processes", NONE),
    "resource": ("resources", NONE),
    "worker": ("workers", NONE),
    "tasks.name": ("strings", ANY),
}
"""`Int32` columns that refer to rows: column, or table.column -> table (or "strings") and lowest value."""


DURATIONS: Final = frozenset({"gc_ns"})
"""`Int64` columns that are no points in time."""


@cache
def tables() -> dict[str, type[Any]]:
    """The tables of a trace by name."""
    hints = get_type_hints(Trace)
    return {name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Table)}


@cache
def schema() -> dict[str, dict[str, str]]:
    """The columns of every table, with their `array` type codes."""
    hints = {name: get_type_hints(table, include_extras=True) for name, table in tables().items()}
    return {
        name: {column.name: hints[name][column.name].__metadata__[0] for column in fields(table)}
        for name, table in tables().items()
    }


def reference(table: str, column: str) -> tuple[str, int]:
    """The table that an `Int32` column refers to ("strings", or "" for none) and its lowest value."""
    return REFERENCES.get(f"{table}.{column}") or REFERENCES.get(column, ("", NONE))
