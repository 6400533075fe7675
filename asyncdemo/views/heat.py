"""Heat map: a row for each cohort of neighbouring tasks; the shade is the share of the cohort that is at work."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress

from asyncdemo.timeline import Picture, quantile
from asyncdemo.trace import Outcome
from asyncdemo.views.canvas import Line
from asyncdemo.views.frame import FIGURE, Frame, unit_for
from asyncdemo.views.glyphs import WAITING, WORKING
from asyncdemo.views.units import Unit

WAITS = 1
LEAST = 0.5
"""Fewer tasks than this at work, on average over a cell, are not worth a shade."""
KINDS = re.compile(rb"\x00+|\x01+|[^\x00\x01]+")
"""Stretches in which nobody was there, all waited, some were at work."""


class HeatMap:
    """Draws cohorts; remembers shades and lines that have not changed since the frame before."""

    def __init__(self) -> None:
        self._rows: dict[int, bytearray] = {}
        self._figures: dict[range, tuple[bytes, list[str]]] = {}
        self._scale: tuple[object, ...] = ()
        self._axis, self._ticks = Line(), Line()
        self._drawn: dict[int, tuple[range, bytes, list[str]]] = {}
        self._lines: dict[int, Line] = {}
        self._seen: dict[int, bytes] = {}

    def lines(self, frame: Frame, picture: Picture) -> list[Line]:
        """The time axis, a row for each cohort, and the ticks under them."""
        scale = frame, picture.cell_ns, unit_for(picture)
        if scale != self._scale:
            titles = ["ok fail", f"p95 {unit_for(picture).name}"]
            self._axis = frame.time_axis("cohort", picture.cell_ns, titles)
            self._ticks = frame.tick_line(picture.cell_ns)
            self._scale = scale
            self._figures.clear()
            self._drawn.clear()
            self._seen.clear()
        lines = [self._axis]
        left_out = picture.left_out()
        outcomes = bytes(picture.trace.tasks.outcome)
        lines.extend(self._row(frame, picture, row, outcomes, left_out) for row in range(picture.cells.rows))
        return [*lines, self._ticks]

    def _row(self, frame: Frame, picture: Picture, row: int, outcomes: bytes, left_out: frozenset[int]) -> Line:
        first = row * picture.cohort
        outcomes = outcomes[first : first + picture.cohort]
        tasks = range(first, first + len(outcomes))
        if self._known(picture, row, outcomes):
            return self._lines[row]
        shades = bytes(self._shades(frame, picture, row, tasks, left_out)).rstrip(b"\0")
        if not picture.exact and Outcome.PENDING in outcomes:
            shades = _explained(picture, tasks, shades, outcomes, left_out)
        figures = self._figures_of(picture, tasks, outcomes, left_out, frame.glyphs.dot)
        drawn = (tasks, shades, figures)
        if self._drawn.get(row) != drawn:
            line = frame.row(cohort_label(frame, tasks))
            paint(frame, line, shades)
            self._drawn[row], self._lines[row] = drawn, frame.with_figures(line, figures)
        self._seen[row] = outcomes
        return self._lines[row]

    def _known(self, picture: Picture, row: int, outcomes: bytes) -> bool:
        """Whether a cohort has nothing new to show: all have ended, and nothing was added since the frame before."""
        if Outcome.PENDING in outcomes or picture.cells.changed[row] < picture.columns:
            return False
        return self._seen.get(row) == outcomes

    def _figures_of(
        self, picture: Picture, tasks: range, outcomes: bytes, left_out: frozenset[int], dot: str
    ) -> list[str]:
        """The figures of a cohort, worked out again only when another of its tasks has ended."""
        known = self._figures.get(tasks)
        if known is None or known[0] != outcomes:
            self._figures[tasks] = known = (
                outcomes,
                _figures(picture, [task for task in tasks if task not in left_out], dot),
            )
        return known[1]

    def _shades(self, frame: Frame, picture: Picture, row: int, tasks: range, left_out: frozenset[int]) -> bytearray:
        """A number for each cell: 0 nothing, 1 waiting, from 2 on the shades of being at work.

        Tasks that are `left_out` are no part of the work: what they do alone is nothing.
        """
        cells, cell_ns = picture.cells, picture.cell_ns
        first, last = cells.changed[row], -(-picture.now_ns // cell_ns)
        known = self._rows.get(row)
        if known is None or len(known) != cells.columns or not first:
            known, first = bytearray(cells.columns), 0
        if first == cells.columns:
            return known
        theirs = sum(task in tasks for task in left_out) * cell_ns
        for column, (_, ready, others, waits, sleeps, runs, holds) in enumerate(cells.since(row, first, last), first):
            works = sleeps + runs + holds
            # A single task that waits for others is the main task, most often, and no part of the work.
            there = works + ready + waits + others > (theirs or min(others, cell_ns))
            known[column] = shade(frame, works, len(tasks), cell_ns, there=there)
        self._rows[row] = known
        cells.changed[row] = cells.columns
        return known


def _explained(picture: Picture, tasks: range, shades: bytes, outcomes: bytes, left_out: frozenset[int]) -> bytes:
    """Until now waits whoever is pending, even where it is not known yet what for."""
    pending = outcomes.count(Outcome.PENDING)
    if pending <= sum(task in tasks for task in left_out):
        return shades
    born = max(0, picture.trace.tasks.created_ns[tasks.start]) // picture.cell_ns
    used = -(-picture.now_ns // picture.cell_ns)
    known = shades.ljust(used, b"\0")
    return known[:born] + known[born:].replace(b"\0", b"\1")


def shade(frame: Frame, works_ns: int, tasks: int, cell_ns: int, *, there: bool) -> int:
    """What a cell of a cohort shows: 0 nobody was there, 1 all waited, from 2 on the share that was at work."""
    if works_ns < LEAST * cell_ns:
        return WAITS * there
    levels = len(frame.glyphs.shades)
    return WAITS + max(1, min(levels, round(works_ns / (tasks * cell_ns) * levels)))


def cohort_label(frame: Frame, tasks: range) -> str:
    """`128-255`, or its beginning where there is no room."""
    label = f"{tasks.start}-{tasks.stop - 1}" if tasks else ""
    return label if len(label) <= frame.name else f"{tasks.start}-"


def paint(frame: Frame, line: Line, shades: bytes) -> None:
    """Append the cells of a cohort."""
    glyphs = f" {frame.glyphs.dot}{frame.glyphs.shades}"
    for run in KINDS.finditer(shades):
        text = "".join(map(glyphs.__getitem__, run[0]))
        line.put(text, WORKING if run[0][0] > WAITS else WAITING, len(text))


def _figures(picture: Picture, tasks: Sequence[int], dot: str) -> list[str]:
    known = picture.trace.tasks
    outcomes = bytes(known.outcome[task] for task in tasks)
    ok, pending = outcomes.count(Outcome.RETURNED), outcomes.count(Outcome.PENDING)
    lives = [known.ended_ns[task] - known.created_ns[task] for task in tasks]
    return figures(ok, len(outcomes) - ok - pending, sorted(compress(lives, outcomes)), unit_for(picture), dot)


def figures(ok: int, bad: int, took_ns: Sequence[int], unit: Unit, dot: str) -> list[str]:
    """How many ended well and badly, and the time that 95 of 100 did not exceed."""
    text = f"{ok or dot} {str(bad or dot).rjust(4)}"
    if len(text) >= FIGURE:
        text = f"{ok or dot} {bad or dot}"
    return [text, unit.show(quantile(took_ns, 0.95)) if took_ns else dot]


def legend(frame: Frame) -> list[Line]:
    """What the shades mean, an entry each."""
    waiting = Line(frame.glyphs.dot, WAITING).put(" all waiting")
    return [waiting, Line(frame.glyphs.shades, WORKING).put(" share of the cohort at work")]
