"""Frame: how a screen's width is shared out, and the rows that every view has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style

from asyncdemo.timeline import Picture, State
from asyncdemo.views.canvas import Line, fit
from asyncdemo.views.glyphs import FAINT, PLAIN, STATE_STYLES, Glyphs, curve
from asyncdemo.views.units import Unit, ticks

NARROW = 60
WIDE = 120
FIGURE = 8
NARROW_FIGURE = 6
GUTTER = 2
"""The status glyph and a blank before each name."""
STYLES = [STATE_STYLES[state] for state in State]
RUNS = re.compile(rb"(.)\1*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Frame:
    """A screen's room.

    Attributes:
        width: cells to draw in: the terminal's width without its last column.
        height: lines to draw in.
        glyphs: the characters to draw with.
        name: cells for a task's name.
        figures: how many columns of figures there are.
    """

    width: int
    height: int
    glyphs: Glyphs
    name: int
    figures: int

    @classmethod
    def of(cls, width: int, height: int, glyphs: Glyphs, names: Iterable[str] = ()) -> Frame:
        """Share out a terminal of `width` x `height`; wide ones give long names more room."""
        narrow = width < NARROW
        least, most = (6, 6) if narrow else (9, 24 if width >= WIDE else 15)
        longest = max(map(len, names), default=0)
        return cls(max(1, width - 1), height, glyphs, min(most, max(least, longest)), 1 if narrow else 2)

    @property
    def label(self) -> int:
        """The column at which cells begin."""
        return GUTTER + self.name + 1

    @property
    def cells(self) -> int:
        """How many cells a row has."""
        figures = FIGURE * self.figures if self.figures > 1 else NARROW_FIGURE
        return max(8, self.width - self.label - figures)

    def row(self, name: str, mark: str = " ", mark_style: Style = PLAIN, name_style: Style = PLAIN) -> Line:
        """A line with its status glyph and name; cells come next."""
        label = fit(name, self.name, self.glyphs.cut)
        line = Line(mark, mark_style)
        if name_style is PLAIN:
            return line.put(f" {label} ", PLAIN, self.name + GUTTER)
        return line.put(" ").put(label, name_style, self.name).to(self.label)

    def with_figures(self, line: Line, texts: Sequence[str], style: Style = PLAIN) -> Line:
        """Put figures at the right edge: the last ones, when there is no room for all."""
        wide = FIGURE if self.figures > 1 else NARROW_FIGURE
        wanted = [text if len(text) < wide else text.rsplit(maxsplit=1)[-1] for text in texts[-self.figures :]]
        return line.to(self.label + self.cells).put("".join(text.rjust(wide) for text in wanted), style)

    def time_axis(self, title: str, cell_ns: int, figures: Sequence[str] = (), start_ns: int = 0) -> Line:
        """The line over the cells, which begin at `start_ns`: times at the ticks, and what the figures are."""
        line = Line(" " * GUTTER + fit(title, self.name, self.glyphs.cut), FAINT).to(self.label)
        for column, text in ticks(cell_ns, self.cells, start_ns=start_ns):
            if column + len(text) <= self.cells:
                line.to(self.label + column).put(text, FAINT)
        return self.with_figures(line, figures, FAINT) if figures else line

    def tick_line(self, cell_ns: int, start_ns: int = 0) -> Line:
        """The line under the cells, which begin at `start_ns`."""
        marks = [self.glyphs.line] * self.cells
        for column, _ in ticks(cell_ns, self.cells, start_ns=start_ns):
            marks[column] = self.glyphs.tick
        return Line().to(self.label).put("".join(marks), FAINT, self.cells)

    def states(self, line: Line, dominant: bytes | bytearray) -> Line:
        """Append a row's cells."""
        glyphs = self.glyphs.states
        for run in RUNS.finditer(dominant.rstrip(b"\0")):
            state, cells = run[0][0], len(run[0])
            line.segments.append(_same(glyphs[state], state, cells))
            line.width += cells
        return line

    def curve(self, name: str, values: Sequence[float], said: str, style: Style = PLAIN, full: float = 0) -> Line:
        """A row of bars, with what is said of it at its right."""
        bars = curve(self.glyphs, values, full or max(values, default=0))[: self.cells]
        room = self.width - self.label - self.cells
        line = self.row(_last_word(name, self.name)).put(bars, style, len(bars))
        return line.to(self.label + self.cells).put(_shortened(said, room).rjust(room))

    def note(self, mark: str, text: str, style: Style = PLAIN) -> Line:
        """A sentence on a line of its own."""
        return Line(mark, style).put(" ").put(fit(text, self.width - GUTTER, self.glyphs.cut).rstrip(), style)


@lru_cache(4096)
def _same(glyph: str, state: int, cells: int) -> Segment:
    """Cells that are alike; a screen has hundreds of them, and few that differ."""
    return Segment(glyph * cells, STYLES[state])


def unit_for(picture: Picture) -> Unit:
    """The unit of a picture's figures."""
    return Unit.of(picture.now_ns)


def _last_word(name: str, room: int) -> str:
    """`flight` of `in flight` where there is no room for both; a number alone is no name."""
    word = name.rsplit(maxsplit=1)[-1]
    return name if len(name) <= room or word.isdecimal() else word


def _shortened(said: str, room: int) -> str:
    """What of `peak 1,000/1,000` there is room for, with a blank before it: the figures, the first, its thousands."""
    figures = said.rsplit(maxsplit=1)[-1]
    first = figures.partition("/")[0]
    ways = (said, figures, first, f"{first.rpartition(',')[0]}k")
    return next((way for way in ways if len(way) < room), "")
