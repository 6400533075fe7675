"""The critical path in a picture: where it runs through the lanes, and who decides when."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from rich.segment import Segment as Piece
from rich.style import Style

from asyncdemo.timeline import STATE_OF, Labels, Segment, State, Window
from asyncdemo.trace import NONE, Trace, Wait
from asyncdemo.views.canvas import Line, wrapped
from asyncdemo.views.frame import Frame
from asyncdemo.views.glyphs import FAINT, STATE_STYLES, Glyphs
from asyncdemo.views.header import LEGEND, meaning, state_entry
from asyncdemo.views.names import LaneNames, tags
from asyncdemo.views.rows import filled
from asyncdemo.views.units import Unit, counted

ON_PATH = Style(color="cyan", bold=True)
TITLES = ("critical path", "critical", "path")
MEANING = "on the critical path: what decided how long it took"
SHORT = "on the critical path"
_OF_STATES = frozenset(STATE_STYLES.values())
MOST_LANES = 12
"""So many of the tasks that decide have a lane where nothing else is drawn ..."""
LEAST_SHARE = 0.02
""" ... and those that do for at least such a part of the time of the one that does longest."""


class Path:
    """A critical path in cells, at a cost that goes by these.

    Args:
        segments: the path, in order of time, or nothing.
        window: the cells.
    """

    def __init__(self, segments: Sequence[Segment], window: Window) -> None:
        middle = window.start_ns + window.cell_ns // 2
        moments = range(middle, window.end_ns, window.cell_ns) if segments else ()
        self.cells = [decides(segments, t_ns) for t_ns in moments]
        """Who decides in the middle of each cell, or `NONE`."""
        self.spans: dict[int, list[range]] = {}
        """By task the cells in which it decides."""
        for who, span in self.runs():
            self.spans.setdefault(who, []).append(span)

    def runs(self) -> Iterator[tuple[int, range]]:
        """Who decides in which cells, in order of time."""
        begin = 0
        for who, cells in groupby(self.cells):
            end = begin + len(list(cells))
            if who != NONE:
                yield who, range(begin, end)
            begin = end


NO_PATH = Path((), Window(0, 1, 1))


def decides(segments: Sequence[Segment], t_ns: int) -> int:
    """Who decides at a moment, or `NONE`."""
    place = bisect_right(segments, t_ns, key=attrgetter("start_ns")) - 1
    return segments[place].task if place >= 0 and t_ns < segments[place].end_ns else NONE


def mark_lane(frame: Frame, line: Line, spans: Sequence[range]) -> None:
    """Marks the cells in which a lane's task decides, and in the first of each stretch that it does from there on."""
    for span in filter(None, spans):
        if len(span) > 1:
            line.over(frame.label + span.start, frame.glyphs.critical, ON_PATH)
        _restyle(line, frame.label + span.start, frame.label + span.stop)


def _restyle(line: Line, start: int, stop: int) -> None:
    line.to(stop)
    before, within, after = Piece.divide([*line.segments, Piece(" ")], [start, stop, line.width + 1])
    # How a task ended keeps its own colour.
    styled = [Piece(piece.text, ON_PATH) if piece.style in _OF_STATES else piece for piece in within]
    line.segments = [*before, *styled, *Piece.adjust_line_length(after, line.width - stop, pad=False)]


def path_row(frame: Frame, trace: Trace, path: Path) -> list[Line]:
    """A row that names who decides in each stretch: in full where there is room for it, else by a tag."""
    if not path.spans:
        return []
    names = LaneNames(trace)
    full = {task: names[task] for task in path.spans}
    short = tags(full)
    title = next((title for title in TITLES if len(title) <= frame.name), TITLES[-1])
    line = frame.row(title)
    for task, span in path.runs():
        room = len(span)
        name = full[task] if len(full[task]) < room else short[task]
        line.to(frame.label + span.start).put(filled(name, room, frame.glyphs), ON_PATH)
    return [line]


def path_legend(frame: Frame) -> Line:
    """What the marks mean."""
    text = MEANING if len(MEANING) + 2 <= frame.width else SHORT
    return Line(frame.glyphs.critical, ON_PATH).put(f" {text}")


def staircase(segments: Sequence[Segment], trace: Trace, glyphs: Glyphs, width: int) -> list[Line]:
    """A lane for each task on the path, in the order in which it reaches them, with what is on it and nothing else.

    Of very many tasks those that decide longest have a lane. One lane that looks the same all along has nothing to say.

    Args:
        segments: the path.
        trace: the recording that it is of.
        glyphs: the characters to draw with.
        width: cells of the terminal.
    """
    decided = Counter[int]()
    for each in segments:
        decided[each.task] += each.took_ns
    del decided[NONE]
    names, unit = LaneNames(trace), Unit.of(trace.duration_ns)
    longest = max(decided.values(), default=0)
    drawn = [task for task, spent in decided.most_common(MOST_LANES) if spent >= LEAST_SHARE * longest]
    frame = replace(Frame.of(width, 0, glyphs, [names[task] for task in drawn]), figures=1)
    lanes = _lanes(frame, trace, segments, drawn)
    states = {state for lane in lanes.values() for state in lane} - {State.NONE}
    if len(lanes) * len(states) <= 1:
        return []
    cell_ns = _cell_ns(frame, trace)
    lines = [Line(), frame.time_axis("task", cell_ns, [unit.name])]
    for task, lane in lanes.items():
        lines.append(frame.with_figures(frame.states(frame.row(names[task]), lane), [unit.show(decided[task])]))
    others = decided - Counter({task: decided[task] for task in lanes})
    if others.total() >= LEAST_SHARE * longest:
        said = frame.row(glyphs.cut).put(counted(len(others), "more task"), FAINT)
        lines.append(frame.with_figures(said, [unit.show(others.total())], FAINT))
    return [*lines, frame.tick_line(cell_ns), *_legend(frame, trace, segments, states)]


def _cell_ns(frame: Frame, trace: Trace) -> int:
    return max(1, -(-trace.duration_ns // frame.cells))


def _lanes(frame: Frame, trace: Trace, segments: Sequence[Segment], drawn: Collection[int]) -> dict[int, bytes]:
    """The `State` in each cell in which a task decides longest, in the order in which the path reaches the tasks."""
    cells = Labels(frame.cells, _cell_ns(frame, trace))
    for each in segments:
        if each.task != NONE:
            cells.add(0, each.task * len(State) + _state(trace, each), each.start_ns, each.end_ns)
    found: dict[int, bytearray] = {}
    for column, (_, label) in enumerate(cells.rows[0] if cells.rows else ()):
        task, state = divmod(label, len(State))
        if task in drawn:
            found.setdefault(task, bytearray(frame.cells))[column] = state
    return {task: bytes(lane) for task, lane in found.items()}


def _state(trace: Trace, segment: Segment) -> State:
    return State.RUN if segment.wait == NONE else STATE_OF[Wait(trace.waits.kind[segment.wait])]


def _legend(frame: Frame, trace: Trace, segments: Sequence[Segment], states: Collection[int]) -> Iterator[Line]:
    waits = dict.fromkeys(each.wait for each in segments if each.wait != NONE)
    there = [state for state in LEGEND if state in states]
    return wrapped((state_entry(frame, each, meaning(trace, each, waits, frame.width)) for each in there), frame.width)
