"""The one place that chooses a view: lanes, packed slots, a heat map or aggregates, live and final alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from textwrap import wrap

from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.timeline import MOST_ROWS_OF_TASKS, Folded, Picture, Segment, Window
from asyncdemo.trace import NONE, Trace, Wait
from asyncdemo.views.aggregates import aggregates
from asyncdemo.views.apart import not_drawn
from asyncdemo.views.canvas import Canvas, Line, wrapped
from asyncdemo.views.critical import Path, path_legend, path_row
from asyncdemo.views.frame import Frame
from asyncdemo.views.glyphs import FAINT, PLAIN, WAITING, WORKING, Glyphs
from asyncdemo.views.header import facts, header, legend
from asyncdemo.views.heat import HeatMap
from asyncdemo.views.heat import legend as heat_legend
from asyncdemo.views.kinds import VIEWS
from asyncdemo.views.lanes import Lanes, mark_legend
from asyncdemo.views.names import lane_names, process_titles
from asyncdemo.views.packed import Packed, packable, packed_legend, packed_rows, packing
from asyncdemo.views.printed import printed
from asyncdemo.views.rows import curve_rows, job_tags, slot_rows, worker_rows
from asyncdemo.views.stalls import stall_lines
from asyncdemo.views.units import count, stopwatch

AROUND_TASKS = 5
"""Lines that a view needs beside its rows of tasks: header, time axis, ticks, tasks in flight, legend."""

LANE_AND_STALL = 2
"""Lines that tell of one stall."""

FEW_LINES = 3
"""A blank line and two that were printed."""


def check_view(view: str | None) -> None:
    """Refuse a view that does not exist.

    Raises:
        AsyncdemoError: exit code 2.
    """
    if view is not None and view not in VIEWS:
        allowed = ", ".join(VIEWS)
        message = f"There is no view {view!r}.\nViews: {allowed}.\nLeave it out to have the one that fits the screen."
        raise AsyncdemoError(message, USAGE)


@dataclass(slots=True)
class TimelineView:
    """Draws pictures of one run, frame after frame or once.

    Args:
        title: what runs: a concept's name or a script's.
        about: what the header says of its options, the most telling first.
        glyphs: the characters to draw with.
        view: one of `VIEWS`, or none to choose by the number of tasks.
        live: whether the run goes on.
        path: the critical path to mark, or nothing.
        watch: what to look at, shown while the run goes on, where there is room.

    Attributes:
        theirs: what libraries had of their own that is not in the picture, said while the run goes on, where there is
            room.
    """

    title: str
    about: Sequence[str]
    glyphs: Glyphs
    view: str | None = None
    live: bool = False
    watch: str = ""
    path: Sequence[Segment] = ()
    theirs: Mapping[str, Folded] = field(default_factory=dict)
    _heat: HeatMap = field(default_factory=HeatMap)
    _lanes: Lanes = field(default_factory=Lanes)

    def frame(self, trace: Trace, width: int, height: int) -> Frame:
        """How a terminal of `width` x `height` is shared out; names count while they can be lanes."""
        few = len(trace.tasks) <= self._room(height)
        tasks = range(min(len(trace.tasks), self._room(height))) if few or self.view == "lanes" else ()
        return Frame.of(width, height, self.glyphs, lane_names(trace, tasks).values())

    def rows(self, height: int) -> int:
        """How many rows of tasks a picture for this height needs: lanes that were asked for are never made cohorts."""
        return MOST_ROWS_OF_TASKS if self.view == "lanes" else self._room(height)

    def _room(self, height: int) -> int:
        """How many rows of tasks the height has room for; one of them may be a main task that is left out."""
        return max(1, height - AROUND_TASKS) + 1

    def lines(self, frame: Frame, picture: Picture) -> list[Line]:
        """The screen's lines, at most as many as the frame is high."""
        left_out = picture.left_out()
        tasks = [] if picture.cohort > 1 or picture.crowded else _shown(picture, left_out)
        view, packed = self._choose(frame, picture, tasks)
        path = Path(self.path, Window(0, picture.cell_ns, picture.columns))
        top = [self._header(frame, picture, len(picture.trace.tasks) - len(left_out))]
        if self.view not in (None, view):
            top.append(frame.note(" ", f"There is no room for {self.view}.", WAITING))
        top.extend(self._rows(frame, picture, view, tasks, packed, path))
        top.extend(path_row(frame, picture.trace, path))
        workers = _workers(frame, picture)
        bottom = self._legend(frame, picture, view, tasks, packed, tagged=bool(workers))
        extras = self._extras(frame, picture, view, left_out, frame.height - len(top) - len(bottom), workers)
        if workers and workers[0] not in extras:
            bottom = self._legend(frame, picture, view, tasks, packed, tagged=False)
            extras = self._extras(frame, picture, view, left_out, frame.height - len(top) - len(bottom), [])
        lines = [*top, *extras, *bottom]
        if self.live:
            lines[1:1] = self._watch(frame, frame.height - len(lines))
            lines.extend(self._not_drawn(frame, frame.height - len(lines)))
            last = printed(frame, picture.trace, frame.height - len(lines) - 1)
            lines.extend([Line(), *last] if last else [])
        return lines[: frame.height]

    def _choose(self, frame: Frame, picture: Picture, tasks: list[int]) -> tuple[str, Packed]:
        """The view, and its packed rows when it is the slots."""
        if picture.crowded:
            return "aggregates", NOTHING
        rows = self._room(frame.height) - 1
        one_row_each = picture.cohort == 1 and len(tasks) + len(process_titles(picture.trace, tasks)) <= rows
        if (one_row_each and self.view is None) or (picture.cohort == 1 and self.view == "lanes"):
            return "lanes", NOTHING
        shown = len(picture.trace.tasks) - len(picture.left_out())
        if self.view in (None, "slots") and packable(picture, shown, rows, frame.cells):
            packed = packing(picture, _shown(picture, picture.left_out()), rows, frame.cells)
            if packed.rows:
                return "slots", packed
        if self.view in (None, "lanes", "slots"):
            return ("lanes" if one_row_each else "heat"), NOTHING
        return self.view, NOTHING

    def _rows(
        self, frame: Frame, picture: Picture, view: str, tasks: list[int], packed: Packed, path: Path
    ) -> list[Line]:
        if view == "lanes":
            drawn = self._with_lanes(frame, picture.trace, tasks)
            return self._lanes.lines(frame, picture, drawn, len(tasks) - len(drawn), path)
        if view == "slots":
            return packed_rows(frame, picture, packed, _shown(picture, picture.left_out()))
        return aggregates(frame, picture) if view == "aggregates" else self._heat.lines(frame, picture)

    def _with_lanes(self, frame: Frame, trace: Trace, tasks: list[int]) -> list[int]:
        """The tasks that get a lane, the first; where not all do, a line that says so takes the place of one.

        Those on the critical path come before others where that is asked for.
        """
        room = self._room(frame.height) - 1 - len(process_titles(trace, tasks))
        if len(tasks) <= room:
            return tasks
        deciding = {each.task for each in self.path}
        return sorted(sorted(tasks, key=lambda task: task not in deciding)[: max(1, room - 1)])

    def _header(self, frame: Frame, picture: Picture, tasks: int) -> Line:
        state = f"{self.glyphs.running} running" if self.live else ""
        state = f"{state} (sampled)" if picture.sampled else state
        clock = f"{stopwatch(picture.now_ns)} {state}".rstrip()
        return header(frame, self.title, self.about, facts(picture.trace, tasks), clock, FAINT if state else PLAIN)

    def _watch(self, frame: Frame, room: int) -> list[Line]:
        """What to look at, when there is also room for a few printed lines."""
        lines = [Line(text) for text in wrap(f"Watch: {self.watch}", frame.width)] if self.watch else []
        return lines if len(lines) + FEW_LINES <= room else []

    def _not_drawn(self, frame: Frame, room: int) -> list[Line]:
        lines = not_drawn(self.theirs, frame.width)
        return lines if len(lines) <= room else []

    def _legend(
        self, frame: Frame, picture: Picture, view: str, tasks: list[int], packed: Packed, *, tagged: bool
    ) -> list[Line]:
        if view == "heat":
            return list(wrapped(heat_legend(frame), frame.width))
        if view == "slots":
            return list(wrapped(packed_legend(frame, picture, packed), frame.width))
        if view == "aggregates":
            return []
        drawn = self._with_lanes(frame, picture.trace, tasks)
        more = mark_legend(frame, picture.trace, drawn, self._lanes.marks)
        tags = job_tags(frame, picture) if tagged else {}
        more.extend([path_legend(frame)] if self.path else [])
        more.extend(Line(tag, WORKING).put(f" {name}") for tag, name in tags.items())
        return legend(frame, picture, live=self.live, more=more)

    def _extras(
        self, frame: Frame, picture: Picture, view: str, left_out: frozenset[int], room: int, workers: list[Line]
    ) -> list[Line]:
        """The rows under the tasks, the most telling first to get room, in the order in which they are read."""
        stalls = stall_lines(frame, picture.trace, picture.cell_ns)
        if view == "aggregates":
            return stalls[:room]
        tasks = _shown(picture, left_out) if picture.cohort == 1 else []
        slots = slot_rows(frame, picture, tasks) if view == "lanes" else []
        curves = curve_rows(frame, picture, left_out)
        return _fitted(
            [
                [slots],
                [*([workers] if workers else []), _busy(frame, picture)],
                [curves],
                [stalls, *_fewer_stalls(frame, picture, stalls)],
            ],
            room,
        )

    def canvas(self, picture: Picture, width: int, height: int) -> Canvas:
        """The screen as a renderable; the picture is made to fit the terminal first."""
        frame = self.frame(picture.trace, width, height)
        if (frame.cells, self.rows(height)) != (picture.columns, picture.rows):
            picture.resize(frame.cells, self.rows(height))
        return Canvas(self.lines(frame, picture))


NOTHING = Packed((), 0)
FIRST_TO_GET_ROOM = (1, 3, 2, 0)


def _fitted(sections: list[list[list[Line]]], room: int) -> list[Line]:
    """Sections in their order, each at its full length where there is room, else shorter, else not at all.

    Args:
        sections: of each the ways to write it, the longest first.
        room: how many lines there are.
    """
    taken: dict[int, list[Line]] = {}
    for short in (True, False):
        for number in FIRST_TO_GET_ROOM:
            ways = sections[number][-1:] if short else sections[number]
            free = room - sum(len(lines) for other, lines in taken.items() if other != number)
            fitting = next((lines for lines in ways if len(lines) <= free), None)
            if fitting is not None:
                taken[number] = fitting
    return [line for number in sorted(taken) for line in taken[number]]


def _fewer_stalls(frame: Frame, picture: Picture, lines: list[Line]) -> Iterator[list[Line]]:
    """Shorter and shorter ways to tell of stalls than all these lines: the worst alone, or only when."""
    if len(lines) > LANE_AND_STALL:
        yield stall_lines(frame, picture.trace, picture.cell_ns, 1)
    yield lines[:1]


def _workers(frame: Frame, picture: Picture) -> list[Line]:
    """A row for each thread and process, those of a kind together."""
    if not picture.places.jobs.rows:
        return []
    rows = zip(picture.trace.workers.kind, worker_rows(frame, picture), strict=False)
    return [line for _, line in sorted(rows, key=itemgetter(0))]


def _busy(frame: Frame, picture: Picture) -> list[Line]:
    """How many threads and processes worked at once: a row for each kind."""
    kinds, rows = picture.trace.workers.kind, picture.places.jobs.rows
    names = {Wait.THREAD: "threads", Wait.PROCESS: "processes"}
    lines = []
    for kind in sorted(set(kinds[: len(rows)])):
        alike = [row for each, row in zip(kinds, rows, strict=False) if each == kind]
        at_once = [sum(job != NONE for _, job in cells) for cells in zip(*alike, strict=True)]
        lines.append(frame.curve(names[Wait(kind)], at_once, f"peak {count(max(at_once))}", WORKING))
    return lines


def _shown(picture: Picture, left_out: frozenset[int]) -> list[int]:
    return [task for task in range(len(picture.trace.tasks)) if task not in left_out]
