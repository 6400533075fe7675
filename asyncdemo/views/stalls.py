"""The lane of the blocked loop, and who blocked it and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from asyncdemo.quantities import format_duration
from asyncdemo.timeline import Window
from asyncdemo.trace import NONE, Trace
from asyncdemo.views.canvas import Line
from asyncdemo.views.frame import GUTTER, Frame
from asyncdemo.views.glyphs import FAINT, STALL
from asyncdemo.views.names import name_of
from asyncdemo.views.units import count

TITLES = ("loop blocked", "blocked", "stall")


class Stall(NamedTuple):
    """A stretch in which the loop was blocked, or is until now.

    Attributes:
        start_ns: when it began.
        end_ns: when it was over; when it goes on, the end of the snapshot.
        task: whose step it is, or `NONE` for a callback.
        site: the program's line, or `NONE` where that is not known.
        gc_ns: how much of it the garbage collector took.
        goes_on: whether it was not over.
    """

    start_ns: int
    end_ns: int
    task: int
    site: int
    gc_ns: int
    goes_on: bool = False

    @property
    def took_ns(self) -> int:
        """How long it has lasted."""
        return self.end_ns - self.start_ns


def stalls_of(trace: Trace) -> list[Stall]:
    """All stalls that were over, then those that go on: steps under way that have blocked the loop for long enough."""
    table = trace.stalls
    over = [Stall(*row) for row in zip(table.start_ns, table.end_ns, table.task, table.site, table.gc_ns, strict=True)]
    return [*over, *_going_on(trace)]


def _going_on(trace: Trace) -> Iterator[Stall]:
    known = set(zip(trace.stalls.task, trace.stalls.start_ns, strict=True))
    running, now_ns = trace.running, trace.duration_ns
    for task, start_ns in zip(running.task, running.start_ns, strict=True):
        if now_ns - start_ns > trace.meta["stall_ns"] and (task, start_ns) not in known:
            yield Stall(start_ns, now_ns, task, NONE, 0, goes_on=True)


def stall_lines(frame: Frame, trace: Trace, cell_ns: int, most: int = 3) -> list[Line]:
    """The lane of the blocked loop, then who blocked it and where; nothing when it never was.

    Of more than `most` stalls those that go on and the longest are told, in the order in which they happened, and how
    many others there are.
    """
    stalls = stalls_of(trace)
    if not stalls:
        return []
    ranked = sorted(stalls, key=lambda stall: (stall.goes_on, stall.took_ns), reverse=True)
    told = [stall_text(trace, stall, frame.width - GUTTER) for stall in sorted(ranked[:most])]
    notes = [frame.note(" ", text, STALL) for text in told]
    return [stall_lane(frame, stalls, Window(0, cell_ns, frame.cells)), *notes, *_others(frame, ranked[most:])]


def stall_lane(frame: Frame, stalls: Iterable[Stall], window: Window) -> Line:
    """When the loop was blocked, as far as it lies in the window."""
    cells = [" "] * window.columns
    for stall in stalls:
        first, last = window.column(stall.start_ns), window.column(stall.end_ns - 1)
        for column in range(max(0, first), min(len(cells), last + 1)):
            cells[column] = frame.glyphs.stall
    title = next((title for title in TITLES if len(title) <= frame.name), TITLES[-1])
    return frame.row(title, frame.glyphs.stall, STALL, STALL).put("".join(cells).rstrip(), STALL)


def _others(frame: Frame, stalls: Sequence[Stall]) -> list[Line]:
    if not stalls:
        return []
    times = "once" if len(stalls) == 1 else f"{count(len(stalls))} times"
    took_ns = sum(stall.took_ns for stall in stalls)
    return [frame.note(" ", f"and {times} more, {format_duration(took_ns)} in all", FAINT)]


def stall_text(trace: Trace, stall: Stall, room: int) -> str:
    """`blocked 600 ms by job-02 at blocking.py:14`, or in fewer words where there is only `room` for those."""
    took = f"{format_duration(stall.took_ns)}{' so far' if stall.goes_on else ''}"
    who = name_of(trace, stall.task) if stall.task >= 0 else "a callback"
    site = trace.site_text(stall.site)
    said = f"blocked {took} by {who}{f' at {site}' if site else ''}"
    collector = f", {format_duration(stall.gc_ns)} of it the garbage collector" if stall.gc_ns else ""
    shortest = f"{took} {who} {site}".rstrip()
    return next((text for text in (f"{said}{collector}", said) if len(text) <= room), shortest)
