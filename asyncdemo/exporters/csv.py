"""A table of the tasks, a row each: when each began and ended and how, and where its time went.

Times are nanoseconds from the start of the run. `ran_ns`, `ready_ns` and `waited_ns` add up to the task's life.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator
from io import StringIO

from asyncdemo import timeline
from asyncdemo.events import OUTCOMES, canceller
from asyncdemo.exporters import Run
from asyncdemo.timeline import State
from asyncdemo.trace import NONE, Outcome, Trace

EXTENSION = "csv"
COLUMNS = (
    *("id", "name", "coro", "parent", "created_ns", "started_ns", "ended_ns", "outcome", "error", "cancelled_by"),
    *("steps", "ran_ns", "ready_ns", "waited_ns", "created_at", "cancelled_at"),
)


def export(trace: Trace, _run: Run) -> Iterator[str]:
    """The lines, the first one with the names of the columns; what there is none of stays empty."""
    yield ",".join(COLUMNS) + "\n"
    tasks, (ran, ready, waited) = trace.tasks, _spent(trace)
    for task in range(len(tasks)):
        outcome = Outcome(tasks.outcome[task])
        ended = tasks.ended_ns[task] if outcome != Outcome.PENDING else ""
        yield _line(
            task,
            trace.task_name(task),
            trace.text(tasks.coro[task]),
            tasks.parent[task] if tasks.parent[task] != NONE else "",
            tasks.created_ns[task],
            tasks.started_ns[task] if tasks.steps[task] else "",
            ended,
            OUTCOMES[outcome],
            trace.text(tasks.error[task]),
            canceller(trace, tasks.cancelled_by[task]) if outcome == Outcome.CANCELLED else "",
            tasks.steps[task],
            ran[task],
            ready[task],
            waited[task],
            trace.site_text(tasks.site[task]),
            trace.site_text(tasks.cancelled_at[task]) if outcome == Outcome.CANCELLED else "",
        )


def _spent(trace: Trace) -> tuple[array[int], array[int], array[int]]:
    """How long each task ran, was ready, and waited."""
    ran, ready, waited = (array("q", [0]) * len(trace.tasks) for _ in range(3))
    into = {State.RUN: ran, State.READY: ready}
    for task, start, end, state, wait in timeline.pieces(trace):
        (into.get(state, waited) if wait == NONE else waited)[task] += end - start
    return ran, ready, waited


def _line(*values: object) -> str:
    file = StringIO()
    csv.writer(file, lineterminator="\n").writerow(values)
    return file.getvalue().encode("ascii", "backslashreplace").decode("ascii")
