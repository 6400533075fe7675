"""A page that works offline: the whole timeline to pan, zoom, search and hover, in light and dark."""

from __future__ import annotations

import sys
from array import array
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from json import dumps
from typing import Any

from asyncdemo import timeline
from asyncdemo.events import OUTCOMES
from asyncdemo.exporters import Run
from asyncdemo.exporters._fields import head, result
from asyncdemo.timeline import State
from asyncdemo.trace import NONE, Outcome, Trace
from asyncdemo.views.names import LaneNames, process_titles

EXTENSION = "html"
MOST_CHANGES = 20_000
"""Of more changes of the number of tasks in flight every second, or third and so on, is drawn."""


def export(trace: Trace, run: Run) -> Iterator[str]:
    """The page: one file that fetches nothing."""
    page = files(__package__).joinpath("page.html").read_text(encoding="ascii")
    before, after = page.split("@DATA@")
    yield before.replace("@TITLE@", escape(run.command).encode("ascii", "xmlcharrefreplace").decode())
    # What a program printed must not end the script that holds it.
    yield dumps(_data(trace, run), default=repr, separators=(",", ":")).replace("</", "<\\/")
    yield after


def _data(trace: Trace, run: Run) -> dict[str, Any]:
    changes = list(timeline.changes(zip(trace.tasks.created_ns, trace.tasks.ended_ns, strict=True)))
    return {
        "about": {**head(run), **result(trace, run), "warnings": run.warnings, "lost": dict(trace.lost)},
        "duration": trace.duration_ns,
        "states": [state.name.lower() for state in State],
        "tasks": _tasks(trace),
        "processes": sorted(process_titles(trace, range(len(trace.tasks))).items()),
        "pieces": _pieces(trace),
        "waits": [
            [trace.text(on), trace.site_text(site)] for on, site in zip(trace.waits.on, trace.waits.site, strict=True)
        ],
        "lines": [
            [t_ns, task, trace.text(text)]
            for t_ns, task, text in zip(trace.lines.t_ns, trace.lines.task, trace.lines.text, strict=True)
        ],
        "stalls": [
            [start, end, task, trace.site_text(site)]
            for start, end, task, site in zip(
                *(trace.stalls.start_ns, trace.stalls.end_ns, trace.stalls.task, trace.stalls.site), strict=True
            )
        ],
        "flight": changes[:: -(-len(changes) // MOST_CHANGES) or 1],
    }


def _tasks(trace: Trace) -> dict[str, Any]:
    tasks = trace.tasks
    rows, lanes = range(len(tasks)), LaneNames(trace)
    cancelled = [outcome == Outcome.CANCELLED for outcome in tasks.outcome]
    return {
        "name": [lanes[row] for row in rows],
        "coro": [trace.text(coro) for coro in tasks.coro],
        "parent": list(tasks.parent),
        "site": [trace.site_text(site) for site in tasks.site],
        "created": list(tasks.created_ns),
        "ended": list(tasks.ended_ns),
        "outcome": [OUTCOMES[Outcome(outcome)] for outcome in tasks.outcome],
        "error": {row: trace.text(tasks.error[row]) for row in rows if tasks.error[row] != NONE},
        "cancelled": {
            row: [lanes.canceller(tasks.cancelled_by[row]) or "", trace.site_text(tasks.cancelled_at[row])]
            for row in rows
            if cancelled[row]
        },
    }


def _pieces(trace: Trace) -> dict[str, str]:
    """What each task did, one after another, as columns; a piece ends where the next one begins, or its task ends."""
    first, starts, states, waits = array("I", [0]), array("d"), bytearray(), array("i")
    for life in timeline.intervals_by_task(trace):
        for start, _, state, wait in life:
            starts.append(start)
            states.append(state)
            waits.append(wait)
        first.append(len(starts))
    return {"first": _encoded(first), "start": _encoded(starts), "state": _encoded(states), "wait": _encoded(waits)}


def _encoded(column: array[Any] | bytearray) -> str:
    """The column's bytes, little-endian, as browsers read them nearly everywhere."""
    if sys.byteorder == "big" and isinstance(column, array):
        column = array(column.typecode, column)
        column.byteswap()
    return b64encode(bytes(column)).decode("ascii")
