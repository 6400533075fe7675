"""One JSON object a line: a header, the events in time order, a summary last (without one the run was cut short)."""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.events import Event, events
from asyncdemo.exporters import Run
from asyncdemo.exporters._fields import head, result, text
from asyncdemo.trace import Trace

EXTENSION = "ndjson"


def export(trace: Trace, run: Run) -> Iterator[str]:
    """The lines of a finished run."""
    yield header(run)
    yield from map(line, events(trace))
    yield summary(trace, run)


def header(run: Run) -> str:
    """The first line."""
    return text({"event": "header", **head(run)}) + "\n"


def line(event: Event) -> str:
    """The line of one event; `task` is null when it is nobody's."""
    task = event.task if event.task >= 0 else None
    told = {"event": event.kind.name.lower(), "t_ns": event.t_ns, "task": task, "name": event.name, **event.about}
    return text(told) + "\n"


def summary(trace: Trace, run: Run) -> str:
    """The last line."""
    return text({"event": "summary", "result": result(trace, run), "warnings": list(run.warnings)}) + "\n"
