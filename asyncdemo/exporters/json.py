"""One JSON object: the result, printed lines, resources, tasks with what each waited for (up to 10,000 tasks)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from json import dumps
from typing import Any

from asyncdemo import timeline
from asyncdemo.events import OUTCOMES, canceller
from asyncdemo.exporters import Run
from asyncdemo.exporters._fields import head, result, text
from asyncdemo.trace import NONE, Outcome, Trace, Wait

EXTENSION = "json"
MOST_TASKS = 10_000


def export(trace: Trace, run: Run) -> Iterator[str]:
    """The object, a line for each of its parts; times are nanoseconds from the start of the run."""
    yield "{"
    for name, value in head(run).items():
        yield f"{dumps(name)}: {dumps(value, default=repr)},\n"
    yield f'"result": {text(result(trace, run))},\n'
    yield from _rows("lines", _lines(trace))
    yield from _rows("resources", _resources(trace))
    if len(trace.tasks) <= MOST_TASKS:
        yield from _rows("tasks", _tasks(trace))
    yield f'"warnings": {dumps(list(run.warnings))}}}\n'


def _rows(name: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield f'"{name}": ['
    between = "\n"
    for row in rows:
        yield f"{between}  {text(row)}"
        between = ",\n"
    yield "],\n"


def _lines(trace: Trace) -> Iterator[dict[str, Any]]:
    lines = trace.lines
    for t_ns, task, stream, words in zip(lines.t_ns, lines.task, lines.stream, lines.text, strict=True):
        yield {
            "t_ns": t_ns,
            "task": _or_none(task),
            "stream": "stderr" if stream == 2 else "stdout",  # noqa: PLR2004 - the column's own number
            "text": trace.text(words),
        }


def _resources(trace: Trace) -> Iterator[dict[str, Any]]:
    resources = trace.resources
    waits = timeline.waits_for(trace) if len(resources) else {}
    lengths = timeline.peak_lengths(trace)
    for row, (kind, name, limit) in enumerate(zip(resources.kind, resources.name, resources.limit, strict=True)):
        used = timeline.occupancy(trace, row, waits.get(row, ()))
        yield {
            "id": row,
            "kind": trace.text(kind),
            "name": trace.text(name),
            "limit": _or_none(limit),
            "peak_held": used.peak_held,
            "peak_waiting": used.peak_waiting,
            "peak_length": lengths.get(row),
        }


def _tasks(trace: Trace) -> Iterator[dict[str, Any]]:
    tasks, waits, cancels = trace.tasks, _waits(trace), _cancels(trace)
    for row in range(len(tasks)):
        ended = tasks.outcome[row] != Outcome.PENDING
        yield {
            "id": row,
            "name": trace.task_name(row),
            "coro": trace.text(tasks.coro[row]),
            "parent": _or_none(tasks.parent[row]),
            "created_ns": tasks.created_ns[row],
            "started_ns": tasks.started_ns[row] if tasks.steps[row] else None,
            "finished_ns": tasks.ended_ns[row] if ended else None,
            "outcome": OUTCOMES[Outcome(tasks.outcome[row])],
            "error": trace.text(tasks.error[row]) or None,
            "waits": waits[row],
            "cancels": cancels.get(row, []),
        }


def _cancels(trace: Trace) -> dict[int, list[dict[str, Any]]]:
    """By task each time that it was asked to end while it was suspended, whether it did or not."""
    cancels, found = trace.cancels, dict[int, list[dict[str, Any]]]()
    for task, t_ns, by, site in zip(cancels.task, cancels.t_ns, cancels.by, cancels.site, strict=True):
        told = {"t_ns": t_ns, "by": canceller(trace, by), "at": trace.site_text(site) or None}
        found.setdefault(task, []).append(told)
    return found


def _waits(trace: Trace) -> list[list[dict[str, Any]]]:
    """What each task waited for, long enough to have been looked at, or waits for as the recording ends."""
    reached = list(trace.tasks.created_ns)
    waits: list[list[dict[str, Any]]] = [[] for _ in reached]
    pieces = timeline.tile(trace, range(len(trace.steps)), reached)
    for task, from_ns, to_ns, _, wait in chain(pieces, _unfinished(trace, reached)):
        if wait != NONE and trace.waits.kind[wait] not in {Wait.BRIEF, Wait.YIELD}:
            on, at = trace.text(trace.waits.on[wait]), trace.site_text(trace.waits.site[wait]) or None
            waits[task].append({"from_ns": from_ns, "to_ns": to_ns, "on": on, "at": at})
    return waits


def _unfinished(trace: Trace, reached: list[int]) -> Iterator[tuple[int, int, int, timeline.State, int]]:
    """What pending tasks wait for; `reached` is where their last step ended."""
    for task, wait in enumerate(trace.tasks.waiting):
        if wait != NONE:
            yield task, reached[task], trace.tasks.ended_ns[task], timeline.State.WAIT, wait


def _or_none(value: int) -> int | None:
    return value if value >= 0 else None
