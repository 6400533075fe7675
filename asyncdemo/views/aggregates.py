"""Aggregates: curves and figures over all tasks, at a cost that does not grow with their number."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from itertools import compress
from operator import sub

from asyncdemo.timeline import Picture, how_many, quantile
from asyncdemo.trace import Outcome, Trace
from asyncdemo.views.canvas import Line, fit, wrapped
from asyncdemo.views.frame import Frame, unit_for
from asyncdemo.views.glyphs import OK, WORKING
from asyncdemo.views.names import lane_names
from asyncdemo.views.units import SECOND, count

SAMPLE = 500
SLOWEST = 5


def aggregates(frame: Frame, picture: Picture) -> list[Line]:
    """Tasks in flight, tasks done per second, how long holds, waits and tasks took, and the slowest tasks."""
    done = picture.done()
    per_second = [ended * SECOND / picture.cell_ns for ended in done]
    finished = sum(done)
    rate = finished * SECOND / picture.now_ns if picture.now_ns else 0
    lines = [
        frame.time_axis("", picture.cell_ns),
        frame.curve("in flight", picture.in_flight(), f"peak {count(picture.peak_tasks)}", WORKING),
        frame.curve("done/s", per_second, f"{count(rate)}/s", OK),
        frame.tick_line(picture.cell_ns),
        *_outcomes(frame, picture.trace),
    ]
    return lines + _distributions(frame, picture) + _slowest(frame, picture)


def _outcomes(frame: Frame, trace: Trace) -> list[Line]:
    counts = {outcome: how_many(trace.tasks.outcome, outcome) for outcome in Outcome}
    said = (Line(f"{count(number)} {WORDS[outcome]}") for outcome, number in counts.items() if number)
    lines = wrapped(said, frame.width - frame.label)
    return [_row(frame, "" if number else "tasks", line) for number, line in enumerate(lines)]


def _row(frame: Frame, name: str, said: Line) -> Line:
    return frame.row(name).put(said.text)


WORDS = {
    Outcome.RETURNED: "ok",
    Outcome.RAISED: "failed",
    Outcome.CANCELLED: "cancelled",
    Outcome.DESTROYED: "destroyed",
    Outcome.PENDING: "not finished",
}


def _distributions(frame: Frame, picture: Picture) -> list[Line]:
    trace = picture.trace
    holds, tasks = trace.holds, trace.tasks
    unit = unit_for(picture)
    measured = [
        (f"hold {unit.name}", _spent(picture, holds.from_ns, holds.to_ns)),
        (f"wait {unit.name}", _spent(picture, holds.asked_ns, holds.from_ns)),
        (f"task {unit.name}", _spent(picture, tasks.created_ns, tasks.ended_ns, tasks.outcome)),
    ]
    return [_distribution(frame, picture, name, spent) for name, spent in measured if spent]


def _spent(picture: Picture, starts: Sequence[int], ends: Sequence[int], outcomes: Sequence[int] = ()) -> list[int]:
    """How long each took, ascending; of a live picture an even sample, and of tasks those that have ended."""
    sample = slice(None, None, 1 if picture.exact else max(1, len(starts) // SAMPLE))
    took = map(sub, ends[sample], starts[sample])
    return sorted(compress(took, outcomes[sample]) if len(outcomes) else took)


def _distribution(frame: Frame, picture: Picture, name: str, spent: list[int]) -> Line:
    """`p50 80  p90 112  p99 119  max 120`: the figures that there is room for, each of them whole."""
    unit, room = unit_for(picture), frame.width - frame.label
    said = {label: f"{label} {unit.show(quantile(spent, share))}" for label, share in SHARES.items()}
    said["max"] = f"max {unit.show(spent[-1])}"
    ways = (between.join([said[label] for label in labels.split()]) for between, labels in WAYS)
    return frame.row(name).put(next((way for way in ways if len(way) <= room), ""))


SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
WAYS = (("  ", "p50 p90 p99 max"), (" ", "p50 p90 p99 max"), (" ", "p50 p99 max"), (" ", "p50 max"), (" ", "max"))
"""Blanks between figures, and which ones, from the widest way to the narrowest."""


def _slowest(frame: Frame, picture: Picture) -> list[Line]:
    """The tasks that took longest; not while they still run."""
    if not picture.exact:
        return []
    tasks, unit = picture.trace.tasks, unit_for(picture)
    took = list(map(sub, tasks.ended_ns, tasks.created_ns))
    slow = nlargest(SLOWEST, range(1, len(tasks)), key=took.__getitem__)
    names = lane_names(picture.trace, slow)
    room = frame.width - frame.label
    said = (_named(names[task], unit.show(took[task]), room, frame.glyphs.cut) for task in slow)
    return [_row(frame, "slowest", next(wrapped(said, room), Line()))]


def _named(name: str, figure: str, room: int, cut: str) -> Line:
    """A figure and whose it is, as much of the name as there is room for."""
    return Line(f"{fit(name, max(1, room - len(figure) - 1), cut).rstrip()} {figure}")
