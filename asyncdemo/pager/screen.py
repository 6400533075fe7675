"""What the pager draws: a screen of lines for a viewpoint, at the cost of its cells and not of the recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from rich.style import Style

from asyncdemo.pager.crowd import SELECTED, Crowd
from asyncdemo.pager.details import Details
from asyncdemo.pager.filtering import Filter
from asyncdemo.pager.keys import HINTS, KEYS
from asyncdemo.pager.times import moment_text
from asyncdemo.pager.viewpoint import Viewpoint
from asyncdemo.timeline import Flight, Lives, Segment, State, Stretch, Window, critical_path
from asyncdemo.trace import Outcome, Trace
from asyncdemo.views.canvas import Line, fit, wrapped
from asyncdemo.views.critical import NO_PATH, Path, decides, mark_lane
from asyncdemo.views.frame import NARROW, Frame
from asyncdemo.views.glyphs import FAINT, PLAIN, TITLE, WORKING, Glyphs, status
from asyncdemo.views.header import LEGEND, facts, header, meaning, state_entry, waits
from asyncdemo.views.heat import legend as heat_legend
from asyncdemo.views.lanes import put_cells, telling
from asyncdemo.views.names import LaneNames
from asyncdemo.views.stalls import stall_lane, stalls_of
from asyncdemo.views.units import Unit, count

TOP = 2
"""The header and the time axis stand over the lanes."""
AROUND = 4
"""Lines that are always there: these two, the ticks under the lanes, and the last line."""
LEAST_LANES = 3
WITH_CURVE, WITH_LEGEND = 10, 18
"""From so many lines on there is room for the curve, and for the legend."""
LEAST_DETAILS, MOST_DETAILS = 6, 20
REMEMBERED = 2_000
"""Rows that are kept, as they were drawn last."""
SHORT = {
    State.WAIT: "waiting",
    State.HOLD: "holding",
    State.SLEEP: "sleeping",
    State.RUN: "running",
    State.TASKS: "for tasks",
    State.READY: "ready",
}
"""The legend of a narrow screen."""


class Run(Protocol):
    """What the header says of the run."""

    @property
    def command(self) -> str:
        """The concept's or the script's name."""

    @property
    def about(self) -> Sequence[str]:
        """What it says of its options, the most telling first."""


@dataclass(frozen=True, slots=True)
class Showing:
    """What is shown beside the viewpoint.

    Attributes:
        playing: how many times as fast as the run it is played back, or None; what comes after the moment is hidden.
        details: whether the pane of the selected task was opened or closed; None: it is there where there is room.
        filtered: the words that tasks are filtered by.
        critical: whether the critical path is marked.
        message: what the last line says instead of hints.
    """

    playing: float | None = None
    details: bool | None = None
    filtered: str = ""
    critical: bool = False
    message: str = ""


class Screen:
    """Draws a finished recording.

    Args:
        trace: the recording.
        run: what is known of its run.
        glyphs: the characters to draw with.
    """

    def __init__(self, trace: Trace, run: Run, glyphs: Glyphs) -> None:
        self.trace = trace
        self.lives = Lives(trace)
        self.names = LaneNames(trace)
        self.filter = Filter(self.lives, self.names)
        self.stalls = sorted(stalls_of(trace), key=lambda stall: stall.took_ns, reverse=True)
        """The stalls of the loop, the longest first."""
        self._run = run
        self._glyphs = glyphs
        self._flight = Flight(trace)
        self._details = Details(self.lives, self.names)
        self._unit = Unit.of(trace.duration_ns)
        self._longest = "x" * self.names.longest
        self._meanings: dict[tuple[State, int], str] = {}
        self._stretches: dict[tuple[int, Window], Stretch] = {}
        self._crowd: tuple[Sequence[int], Crowd] | None = None
        self._drawn = Window(0, 1, 1)
        self._room = 0

    def frame(self, width: int, height: int) -> Frame:
        """How a terminal of `width` x `height` is shared out."""
        return Frame.of(width, height, self._glyphs, [self._longest])

    def fit(self, view: Viewpoint, width: int, height: int, showing: Showing) -> None:
        """Make the viewpoint fit a terminal of `width` x `height`."""
        room = height - AROUND - len(self._below(width, height))
        opened = min(MOST_DETAILS, max(LEAST_DETAILS, height * 2 // 5)) if showing.details and view.cohort == 1 else 0
        view.fit(self.frame(width, height).cells, min(view.rows, max(LEAST_LANES, room - opened)))

    def lines(self, view: Viewpoint, width: int, height: int, showing: Showing) -> list[Line]:
        """The screen of a terminal of `width` x `height`, exactly as many lines as that is high."""
        self.fit(view, width, height, showing)
        frame, upto = self.frame(width, height), view.moment_ns if showing.playing else None
        path = Path(self._segments, view.window) if showing.critical else NO_PATH
        lanes = self._lanes(frame, view, upto, path)
        if not lanes:
            lanes = [frame.note(" ", f"No task fits {showing.filtered!r}.", FAINT)]
        axis = self._axis(frame, view)
        drawn = [self._head(frame, view, showing), axis, *lanes, self._ticks(frame, view)]
        drawn += [self._part(part, frame, view, upto) for part in self._below(width, height)]
        self._point(frame, view, drawn[1], drawn[TOP + len(lanes)])
        self._room = height - 1 - len(drawn)
        if self.has_details(showing):
            drawn += self._details.lines(frame, view, self._room)
        drawn += [Line() for _ in range(height - 1 - len(drawn))]
        self._drawn = view.window
        return [*drawn[: height - 1], self._last(frame, showing)][:height]

    def crowd(self, view: Viewpoint) -> Crowd:
        """The cohorts of the tasks shown."""
        if self._crowd is None or self._crowd[0] is not view.shown:
            self._crowd = view.shown, Crowd(self.lives, view.shown)
        return self._crowd[1]

    def _lanes(self, frame: Frame, view: Viewpoint, upto: int | None, path: Path) -> list[Line]:
        """A row for each task or each cohort on the screen."""
        if view.cohort == 1:
            return [self._lane(frame, view, task, upto, path) for task in view.on_screen]
        crowd, firsts = self.crowd(view), range(view.top, view.top + len(view.on_screen), view.cohort)
        return [crowd.line(frame, view, first, self._unit, upto) for first in firsts]

    def _axis(self, frame: Frame, view: Viewpoint) -> Line:
        title, figures = ("task", ["steps", "took"]) if view.cohort == 1 else ("cohort", ["ok fail", "p95"])
        figures[-1] += f" {self._unit.name}"
        return frame.time_axis(title, view.window.cell_ns, figures, view.window.start_ns)

    def has_details(self, showing: Showing) -> bool:
        """Whether there is a pane for the selected task on the screen that was drawn last."""
        return self._room >= LEAST_DETAILS if showing.details is None else showing.details

    def lane_at(self, view: Viewpoint, line: int) -> int | None:
        """The number in `view.shown` of the task, or of the first one of the cohort, on this line of the screen."""
        number = view.top + (line - TOP) * view.cohort
        return number if line >= TOP and number < view.top + len(view.on_screen) else None

    def _below(self, width: int, height: int) -> list[str]:
        """What stands under the lanes, a line each."""
        parts = ["curve"] if height >= WITH_CURVE else []
        parts += ["stalls"] if self.stalls and height >= WITH_CURVE else []
        parts += ["legend"] if height >= WITH_LEGEND else []
        return [*parts, "rest of legend"] if height >= WITH_LEGEND and width < NARROW else parts

    def _part(self, part: str, frame: Frame, view: Viewpoint, upto: int | None) -> Line:
        if part == "curve":
            return self._curve(frame, view, upto)
        if part == "stalls":
            known = self.trace.duration_ns if upto is None else upto
            stalls = (stall._replace(end_ns=min(stall.end_ns, known)) for stall in self.stalls)
            return stall_lane(frame, stalls, view.window)
        first, *others = [*self._legend(frame, view), Line()]
        return first if part == "legend" else others[0] if others else Line()

    def _head(self, frame: Frame, view: Viewpoint, showing: Showing) -> Line:
        tasks, cell_ns = len(self.trace.tasks), view.window.cell_ns
        said = facts(self.trace, tasks)
        if showing.filtered:
            said[0] = f"{count(len(view.shown))} of {said[0]}"
        clock = f"{moment_text(view.moment_ns, cell_ns)} of {self.trace.duration_ns / 1e9:.3f} s"
        if showing.playing:
            clock += f" {self._glyphs.running} {showing.playing:g}x"
        if view.cohort == 1 and any(self._stretch(task, view.window).sampled for task in view.on_screen):
            clock += " (sampled)"
        if len(clock) > frame.width * 2 // 3:
            clock = moment_text(view.moment_ns, cell_ns)
        return header(frame, self._run.command, self._run.about, said, clock, PLAIN)

    @cached_property
    def _segments(self) -> list[Segment]:
        """The critical path, which takes its time in a large recording."""
        return [] if len(self.trace.hangs) else critical_path(self.trace)

    def decides(self, t_ns: int) -> int:
        """Which task decides at a moment how long the run takes, or `NONE`."""
        return decides(self._segments, t_ns)

    def _lane(self, frame: Frame, view: Viewpoint, task: int, upto: int | None, path: Path) -> Line:
        tasks, stretch = self.trace.tasks, self._stretch(task, view.window)
        mark, style = self._mark(task, upto)
        line = Line(mark, style).put(" ")
        chosen = task == view.task
        line.put(fit(self.names[task], frame.name, self._glyphs.cut), SELECTED if chosen else PLAIN, frame.name)
        line.to(frame.label)
        now = view.window.column(view.moment_ns)
        states = stretch.states if upto is None else stretch.states[: max(0, now + 1)]
        end = self._bad_end(task, view.window, len(states))
        put_cells(frame, line, states, telling(stretch.marks, states, end), (end, (mark, style)))
        mark_lane(frame, line, [span[: max(0, len(states) - span.start)] for span in path.spans.get(task, ())])
        if chosen and 0 <= now < view.window.columns:
            under = states[now] if now < len(states) else 0
            line.over(frame.label + now, self._glyphs.states[under], SELECTED)
        born = upto is None or tasks.created_ns[task] <= upto
        took = tasks.ended_ns[task] - tasks.created_ns[task]
        figures = [count(tasks.steps[task]), self._unit.show(took)] if born and upto is None else ["", ""]
        return frame.with_figures(line, figures)

    def _mark(self, task: int, upto: int | None) -> tuple[str, Style]:
        """How it ended; before its end, what it is at."""
        trace, tasks = self.trace, self.trace.tasks
        if upto is None or tasks.ended_ns[task] <= upto:
            outcome, error = tasks.outcome[task], trace.text(tasks.error[task])
            return status(self._glyphs, outcome, error, waits=waits(trace, task))
        now = self.lives.at(task, upto)
        if now is None:
            return " ", PLAIN
        return status(self._glyphs, Outcome.PENDING, "", waits=now.state in {State.WAIT, State.TASKS})

    def _bad_end(self, task: int, window: Window, columns: int) -> int | None:
        """The column in which it failed or was cancelled, where that is on the screen."""
        tasks = self.trace.tasks
        if tasks.outcome[task] in (Outcome.PENDING, Outcome.RETURNED):
            return None
        column = window.column(max(tasks.ended_ns[task] - 1, 0))
        return column if 0 <= column < columns else None

    def _stretch(self, task: int, window: Window) -> Stretch:
        key = task, window
        found = self._stretches.get(key)
        if found is None:
            found = self._moved(task, window) or self.lives.stretch(task, window)
            if len(self._stretches) >= REMEMBERED:
                self._stretches.clear()
            self._stretches[key] = found
        return found

    def _moved(self, task: int, window: Window) -> Stretch | None:
        """A row of which some columns were on the screen before, in other places."""
        by, known = window.moved(self._drawn), self._stretches.get((task, self._drawn))
        return known.moved(by, self.lives.stretch(task, window.come(by))) if by and known else None

    def _ticks(self, frame: Frame, view: Viewpoint) -> Line:
        return frame.tick_line(view.window.cell_ns, view.window.start_ns)

    def _curve(self, frame: Frame, view: Viewpoint, upto: int | None) -> Line:
        values = self._flight.averages(view.window)
        if upto is not None:
            values = values[: max(0, view.window.column(upto) + 1)]
        return frame.curve("in flight", values, f"now {count(self._flight.at(view.moment_ns))}", WORKING)

    def _legend(self, frame: Frame, view: Viewpoint) -> list[Line]:
        if view.cohort > 1:
            return list(wrapped(heat_legend(frame), frame.width))
        there = {state for task in view.on_screen for state in set(self._stretch(task, view.window).states)}
        entries = (state_entry(frame, state, self._meaning(state, frame.width)) for state in LEGEND if state in there)
        return list(wrapped(entries, frame.width))

    def _meaning(self, state: State, width: int) -> str:
        if width < NARROW:
            return SHORT[state]
        if (state, width) not in self._meanings:
            self._meanings[state, width] = meaning(self.trace, state, range(len(self.trace.waits)), width)
        return self._meanings[state, width]

    def _point(self, frame: Frame, view: Viewpoint, axis: Line, ticks: Line) -> None:
        """Point at the moment from above and from below."""
        column = view.window.column(min(view.moment_ns, self.trace.duration_ns - 1))
        if 0 <= column < view.window.columns:
            above, below = tuple(self._glyphs.moment)
            if "".join(each.text for each in axis.segments)[frame.label + column :][:1].isspace():
                axis.over(frame.label + column, above, TITLE)
            ticks.over(frame.label + column, below, TITLE)

    def _last(self, frame: Frame, showing: Showing) -> Line:
        """A message, or what keys there are."""
        if showing.message:
            return Line(fit(showing.message, frame.width, self._glyphs.cut).rstrip(), TITLE)
        hints = {key.hint: key.shown.split()[0] for key in KEYS if key.hint}
        entries = [Line(hints[hint], TITLE).put(f" {hint}", FAINT) for hint in HINTS]
        while sum(entry.width + 2 for entry in entries) > frame.width + 2 and len(entries) > 1:
            entries.pop(0)
        return next(wrapped(entries, frame.width))
