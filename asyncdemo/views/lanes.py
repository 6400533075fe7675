"""Lanes: a row for each task, with what it did when, and its figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from rich.style import Style

from asyncdemo.timeline import LASTING, STATE_OF, Mark, Picture, State
from asyncdemo.trace import Actor, Outcome, Trace, Wait
from asyncdemo.views.canvas import Line
from asyncdemo.views.critical import NO_PATH, Path, mark_lane
from asyncdemo.views.drawn import drawn
from asyncdemo.views.frame import Frame, unit_for
from asyncdemo.views.glyphs import CANCELLED, FAILED, FAINT, PLAIN, Glyphs, status
from asyncdemo.views.header import asked_by, waits
from asyncdemo.views.names import lane_names, process_titles
from asyncdemo.views.units import counted

WAITING_FIGURE = (State.WAIT,)
TOOK = tuple(State)
APART = 2
"""Cells that a wait fills at least, on either side of a moment at which the task ran."""
STEPPED, REQUESTS = int(Mark.STEP), Mark.CANCEL | Mark.TIMEOUT


class Figures(NamedTuple):
    """What the figures at the right of the lanes are: titles without their unit, and the states that each adds up."""

    titles: tuple[str, str]
    states: tuple[tuple[State, ...], tuple[State, ...]]


def figures_for(picture: Picture) -> Figures:
    """The most telling figures: waits and holds; without holds to see waits or running time, and how long each took."""
    if any(State.HOLD in picture.cells.dominant(row) for row in range(picture.cells.rows)):
        return Figures(("wait", "hold"), (WAITING_FIGURE, (State.HOLD,)))
    if any(STATE_OF[Wait(kind)] == State.WAIT for kind in picture.trace.waits.kind):
        return Figures(("wait", "took"), (WAITING_FIGURE, TOOK))
    return Figures(("run", "took"), ((State.RUN,), TOOK))


class _Lane(NamedTuple):
    """All that a lane shows.

    Attributes:
        name: the task's name.
        status: how the task is or ended.
        cells: the `State` to draw in each cell.
        marked: what happened at a moment, by column.
        end: the column in which it ended badly, or None.
        figures: what stands at the right.
        decides: the cells on the critical path.
    """

    name: str
    status: tuple[str, Style]
    cells: bytes
    marked: dict[int, Mark]
    end: int | None
    figures: list[str]
    decides: Sequence[range]


class _Drawn(NamedTuple):
    """A lane that was drawn.

    Attributes:
        lane: what it shows.
        line: how it looks.
        settled: whether only its name can change as long as the picture's scale stays: its task has ended.
    """

    lane: _Lane
    line: Line
    settled: bool


class Lanes:
    """Draws lanes; remembers the lines of those that show what they did in the frame before.

    Attributes:
        marks: what is marked in the lanes that were drawn last.
    """

    def __init__(self) -> None:
        self.marks: set[Mark] = set()
        self._scale: tuple[object, ...] = ()
        self._axis, self._ticks = Line(), Line()
        self._drawn: dict[int, _Drawn] = {}

    def lines(
        self, frame: Frame, picture: Picture, tasks: list[int], others: int = 0, path: Path = NO_PATH
    ) -> list[Line]:
        """The time axis, a row for each of `tasks`, how many `others` there is no room for, and the ticks under them.

        Cells on the critical `path` are marked.
        """
        unit, figures = unit_for(picture), figures_for(picture)
        scale = frame, picture.cell_ns, picture.sampled, unit, figures
        if scale != self._scale:
            titles = [figures.titles[0], f"{figures.titles[1]} {unit.name}"]
            self._axis = frame.time_axis("task", picture.cell_ns, titles)
            self._ticks = frame.tick_line(picture.cell_ns)
            self._scale, self._drawn = scale, {}
        known, self._drawn, self.marks = self._drawn, {}, set()
        names, lines = lane_names(picture.trace, tasks), [self._axis]
        titles_of = process_titles(picture.trace, tasks)
        for task in tasks:
            if task in titles_of:
                lines.append(frame.note(" ", titles_of[task], FAINT))
            before = known.get(task)
            if before is None or not before.settled or before.lane.name != names[task]:
                lane = _lane(frame, picture, task, names[task], figures, path)
                line = before.line if before is not None and before.lane == lane else _line(frame, lane)
                before = _Drawn(lane, line, picture.trace.tasks.outcome[task] != Outcome.PENDING)
            self._drawn[task] = before
            self.marks.update(before.lane.marked.values())
            lines.append(before.line)
        if others:
            lines.append(frame.row(frame.glyphs.cut).put(f"{counted(others, 'more task')} not shown", FAINT))
        return [*lines, self._ticks]


def _lane(frame: Frame, picture: Picture, task: int, name: str, figures: Figures, path: Path) -> _Lane:
    how, unit = _status(frame, picture.trace, task), unit_for(picture)
    spent = [_spent_ns(picture, task, states) for states in figures.states]
    shown = [unit.show(ns) if ns else frame.glyphs.dot for ns in spent]
    cells, end = drawn(picture, task), _bad_end(picture, task)
    marked = telling(picture.cells.marks[task], cells, end)
    return _Lane(name, how, cells, marked, end, shown, path.spans.get(task, ()))


def _status(frame: Frame, trace: Trace, task: int) -> tuple[str, Style]:
    error = trace.text(trace.tasks.error[task])
    return status(frame.glyphs, trace.tasks.outcome[task], error, waits=waits(trace, task))


def _line(frame: Frame, lane: _Lane) -> Line:
    line = frame.row(lane.name, *lane.status)
    put_cells(frame, line, lane.cells, lane.marked, (lane.end, lane.status))
    mark_lane(frame, line, lane.decides)
    return frame.with_figures(line, lane.figures)


def _spent_ns(picture: Picture, task: int, states: tuple[State, ...]) -> int:
    """How long a task was in any of the states; in all of them together it was from its creation to its end."""
    if states == TOOK:
        return picture.trace.tasks.ended_ns[task] - picture.trace.tasks.created_ns[task]
    return sum(picture.cells.spent_ns(task, state) for state in states)


def put_cells(
    frame: Frame, line: Line, dominant: bytes, marked: Mapping[int, Mark], ended: tuple[int | None, tuple[str, Style]]
) -> None:
    """Append a row's cells, with its marks by column, and where it ended badly the glyph for that."""
    end, badly = ended
    if not marked and end is None:
        frame.states(line, dominant)
        return
    marks = mark_styles(frame.glyphs)
    placed = {column: marks[mark] for column, mark in marked.items()}
    if end is not None:
        placed[end] = badly
        dominant = dominant[:end]
    done = 0
    for column in sorted(placed):
        frame.states(line, dominant[done:column])
        line.to(frame.label + column).put(*placed[column])
        done = column + 1
    frame.states(line, dominant[done:])


def _bad_end(picture: Picture, task: int) -> int | None:
    """The column in which a task failed or was cancelled, if it did."""
    tasks = picture.trace.tasks
    if tasks.outcome[task] in (Outcome.PENDING, Outcome.RETURNED):
        return None
    return min(max(0, tasks.ended_ns[task] - 1) // picture.cell_ns, picture.columns - 1)


def moments(picture: Picture, task: int) -> dict[int, Mark]:
    """What to mark in a task's cells, by column.

    A moment at which it ran stands between two waits of the same kind that fill some cells each; the others are seen
    anyway, or would be too many. A request to end is marked when the task went on.
    """
    return telling(picture.cells.marks[task], drawn(picture, task), _bad_end(picture, task))


def telling(known: Mapping[int, int], dominant: bytes, end: int | None) -> dict[int, Mark]:
    """Which of a row's marks are drawn, by column; `end` is where it ended badly."""
    last = len(dominant) - 1
    found: dict[int, Mark] = {}
    for column, marks in known.items():
        if marks & REQUESTS:
            if end is None or column < end - 1:
                found[min(column, last)] = Mark.TIMEOUT if marks & Mark.TIMEOUT else Mark.CANCEL
        elif _between(known, dominant, column):
            found[column] = Mark.STEP
    return found


def _between(known: Mapping[int, int], dominant: bytes, column: int) -> bool:
    """Whether the cells on both sides are one wait each, and alike."""
    first, stop = column - APART, column + APART + 1
    if first < 0 or stop > len(dominant) or dominant[column] not in LASTING:
        return False
    if dominant.count(dominant[column], first, stop) < stop - first:
        return False
    near = (*range(first, column), *range(column + 1, stop))
    return not any(known.get(other, 0) & STEPPED for other in near)


def mark_styles(glyphs: Glyphs) -> dict[Mark, tuple[str, Style]]:
    """The glyph of each mark."""
    return {
        Mark.STEP: (glyphs.bar, PLAIN),
        Mark.CANCEL: (glyphs.cancelled, CANCELLED),
        Mark.TIMEOUT: (glyphs.timed_out, FAILED),
    }


def mark_legend(frame: Frame, trace: Trace, tasks: list[int], there: Collection[Mark]) -> list[Line]:
    """What the marks mean that are `there` in the lanes of `tasks`."""
    glyphs = mark_styles(frame.glyphs)
    meanings = {
        Mark.STEP: "ran in between",
        Mark.CANCEL: _requested(frame, trace, tasks) if Mark.CANCEL in there else "",
        Mark.TIMEOUT: "timed out",
    }
    return [Line(*glyphs[mark]).put(f" {text}") for mark, text in meanings.items() if mark in there]


def _requested(frame: Frame, trace: Trace, tasks: list[int]) -> str:
    """`cancel requested by main at app.py:12`; who cancelled stands in the same entry where tasks were cancelled."""
    asked = "cancel requested"
    if any(trace.tasks.outcome[task] == Outcome.CANCELLED for task in tasks):
        return asked
    cancels = zip(trace.cancels.task, trace.cancels.by, trace.cancels.site, strict=True)
    requests = [(by, site) for task, by, site in cancels if task in tasks and by != Actor.TIMER]
    return asked_by(trace, asked, requests, frame)
