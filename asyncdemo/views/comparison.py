"""A comparison on one screen: the figures, and the subjects' timelines on one common axis."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from asyncdemo.quantities import format_duration
from asyncdemo.timeline import Picture, shown
from asyncdemo.views.canvas import Canvas, Line, fit, wrapped
from asyncdemo.views.frame import Frame, unit_for
from asyncdemo.views.glyphs import CANCELLED, FAILED, FAINT, OK, PLAIN, TITLE, WORKING, glyphs_for
from asyncdemo.views.header import legend
from asyncdemo.views.heat import HeatMap
from asyncdemo.views.heat import legend as heat_legend
from asyncdemo.views.lanes import Lanes, figures_for, mark_legend, moments
from asyncdemo.views.names import lane_names, worker_names
from asyncdemo.views.rows import job_tags, slot_rows, worker_rows
from asyncdemo.views.standings import told
from asyncdemo.views.verdicts import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from asyncdemo.compare import Comparison, Standing
    from asyncdemo.trace import Trace
    from asyncdemo.views.glyphs import Glyphs

MOST_ROWS = 5
CHROME = 6
"""Lines beside the table and the rows: a blank one, the axis, the ticks, two of legend, and the shell's prompt."""


class ComparisonView:
    """Draws a comparison.

    Args:
        comparison: what was found.
        height: lines that it should fit; without one each subject has up to five rows.
        ascii_only: whether to draw with ASCII alone.
    """

    def __init__(self, comparison: Comparison, *, height: int | None = None, ascii_only: bool = False) -> None:
        self.comparison = comparison
        self.height = height
        self.ascii_only = ascii_only

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the figures, the sentences, then the timelines of those subjects that were recorded."""
        glyphs = glyphs_for(console, ascii_only=self.ascii_only)
        width = options.max_width - 1
        lines = list(told(self.comparison, sentences(self.comparison), width, glyphs))
        lines.extend(self._timelines(options.max_width, len(lines), glyphs))
        yield Canvas(lines)

    def _timelines(self, width: int, above: int, glyphs: Glyphs) -> Iterator[Line]:
        drawn = [(standing, standing.picture.trace) for standing in self.comparison.standings if standing.picture]
        if not drawn:
            return
        names = [name for _, trace in drawn for name in _names(trace)]
        frame = replace(Frame.of(width, 0, glyphs, names), figures=1)
        rows = self._rows(above, [min(MOST_ROWS, len(shown(trace)) + len(trace.workers)) for _, trace in drawn])
        cell_ns = max(1, *(-(-trace.duration_ns // frame.cells) for _, trace in drawn))
        blocks = [_Block(*each, frame, cell_ns, most) for each, most in zip(drawn, rows, strict=True)]
        yield Line()
        yield frame.time_axis("", cell_ns)
        for block in blocks:
            yield from block.lines()
        yield frame.tick_line(cell_ns)
        yield from _legend(blocks, frame.width)

    def _rows(self, above: int, wanted: list[int]) -> list[int]:
        """How many rows each subject gets, its title not counted: those that want few leave room to the others."""
        if self.height is None:
            return [MOST_ROWS] * len(wanted)
        room, rows = self.height - above - CHROME - len(wanted), list(wanted)
        for done, subject in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
            rows[subject] = max(1, min(wanted[subject], room // (len(wanted) - done)))
            room -= rows[subject]
        return rows


class _Block:
    """One subject's timeline: a title and its rows, on an axis that others share."""

    def __init__(self, standing: Standing, trace: Trace, frame: Frame, cell_ns: int, rows: int) -> None:
        self.standing = standing
        self.trace = trace
        self.frame = frame
        self.tasks = shown(trace)
        self.rows = rows
        self.fits = len(self.tasks) <= rows
        self.picture = Picture(frame.cells, len(trace.tasks) if self.fits else rows, cell_ns=cell_ns)
        self.picture.update(trace)

    @property
    def has_workers(self) -> bool:
        """Whether threads and processes fit below the tasks."""
        return 0 < len(self.trace.workers) <= self.rows - len(self.tasks)

    @property
    def has_slots(self) -> bool:
        """Whether the slots of what was held fit, though the tasks do not."""
        seats = sum(seating.count for seating in self.picture.places.seats.values())
        return not self.fits and 0 < seats <= self.rows

    def lines(self) -> list[Line]:
        """The title and the rows, without the axis that each view would draw for itself."""
        frame, picture = self.frame, self.picture
        if picture.crowded:
            return [
                self._title(""),
                frame.curve("in flight", picture.in_flight(), f"peak {picture.peak_tasks}", WORKING),
            ]
        if self.fits:
            title = self._title(f"{figures_for(picture).titles[-1]} {unit_for(picture).name}")
            workers = worker_rows(frame, picture) if self.has_workers else []
            return [title, *Lanes().lines(frame, picture, self.tasks)[1:-1], *workers]
        if self.has_slots:
            return [self._title(""), *slot_rows(frame, picture, self.tasks)]
        return [self._title(f"p95 {unit_for(picture).name}"), *HeatMap().lines(frame, picture)[1:-1]]

    def legend(self) -> list[Line]:
        """What the glyphs of its rows mean, an entry each."""
        if self.picture.crowded:
            return []
        if self.has_slots:
            return [Line("slot").put(" which task held it")]
        if not self.fits:
            return heat_legend(self.frame)
        there = {mark for task in self.tasks for mark in moments(self.picture, task).values()}
        marks = mark_legend(self.frame, self.picture.trace, self.tasks, there)
        tags = job_tags(self.frame, self.picture) if self.has_workers else {}
        marks.extend(Line(tag, WORKING).put(f" {name}") for tag, name in tags.items())
        return [entry for line in legend(self.frame, self.picture, more=marks) for entry in _entries(line)]

    def _title(self, figure: str) -> Line:
        frame, dot = self.frame, self.frame.glyphs.dot
        title = self.standing.subject.title
        line = Line(fit(title, min(len(title), frame.width // 2), frame.glyphs.cut), TITLE).put("  ")
        took = format_duration(self.trace.duration_ns)
        about = f"{len(self.tasks):,} task{'' if len(self.tasks) == 1 else 's'} {dot} {took}"
        line.put(about if line.width + len(about) + len(figure) < frame.width else took, FAINT)
        return line.to(frame.width - len(figure)).put(figure, FAINT) if figure else line


def _names(trace: Trace) -> list[str]:
    """What may stand before the rows of a subject."""
    return [*lane_names(trace, shown(trace)[:MOST_ROWS]).values(), *worker_names(trace)[:MOST_ROWS]]


def _entries(line: Line) -> Iterator[Line]:
    """The parts of a legend's line, which two blanks keep apart."""
    for apart, segments in groupby(line.segments, lambda segment: segment.text == "  "):
        if not apart:
            entry = Line()
            for segment in segments:
                entry.put(segment.text, segment.style or PLAIN)
            yield entry


def _legend(blocks: Sequence[_Block], width: int) -> Iterator[Line]:
    """What the glyphs mean, each once; how tasks ended comes last, as in every legend."""
    once: dict[str, Line] = {}
    for entry in (entry for block in blocks for entry in block.legend()):
        once.setdefault(entry.text, entry)
    endings = {OK, FAILED, CANCELLED}
    yield from wrapped(sorted(once.values(), key=lambda entry: entry.segments[0].style in endings), width)
