"""Heat map: a row for each cohort of neighbouring tasks; the shade is the share of the cohort that is at work."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import compress

from asyncdemo.timeline import Picture, quantile
from asyncdemo.trace import Outcome
from asyncdemo.views.canvas import Line
from asyncdemo.views.frame import FIGURE, Frame, unit_for
from asyncdemo.views.glyphs import WAITING, WORKING
from asyncdemo.views.units import Unit

PENDING = int(Outcome.PENDING)
WAITS = 1
LEAST = 0.5
"""Fewer tasks than this at work, on average over a cell, are not worth a shade."""
KINDS = re.compile(rb"\x00+|\x01+|[^\x00\x01]+")
"""Stretches in which nobody was there, all waited, some were at work."""


class HeatMap:
    """Draws cohorts; remembers what has not changed since the frame before."""

    def __init__(self) -> None:
        self._scale: tuple[object, ...] = ()
        self._axis, self._ticks = Line(), Line()
        self._cohorts: list[_Cohort] = []

    def lines(self, frame: Frame, picture: Picture) -> list[Line]:
        """The time axis, a row for each cohort, and the ticks under them."""
        scale = frame, picture.cell_ns, unit_for(picture), picture.cohort
        if scale != self._scale:
            titles = ["ok fail", f"p95 {unit_for(picture).name}"]
            self._axis = frame.time_axis("cohort", picture.cell_ns, titles)
            self._ticks = frame.tick_line(picture.cell_ns)
            self._scale, self._cohorts = scale, []
        new = range(len(self._cohorts), picture.cells.rows)
        self._cohorts.extend(_Cohort(frame, row, picture.cohort) for row in new)
        outcomes, left_out = bytes(picture.trace.tasks.outcome), picture.left_out()
        theirs = Counter(task // picture.cohort for task in left_out)
        rows = [cohort.line(picture, outcomes, left_out, theirs[row]) for row, cohort in enumerate(self._cohorts)]
        return [self._axis, *rows, self._ticks]


class _Cohort:
    """A row of the heat map: the cells of some neighbouring tasks, and figures of them."""

    def __init__(self, frame: Frame, row: int, size: int) -> None:
        self._frame = frame
        self._row, self._size = row, size
        self._tasks, self._left_out = range(0), 0
        self._outcomes = b""
        self._shades = bytearray(frame.cells)
        self._label, self._figures = Line(), list[str]()
        self._drawn: tuple[bytes, list[str]] | None = None
        self._line = Line()

    def line(self, picture: Picture, outcomes: bytes, left_out: frozenset[int], number: int) -> Line:
        """The row, drawn again only when anything in it is new; `number` of its tasks are left out."""
        first = self._row * self._size
        outcomes = outcomes[first : first + self._size]
        if outcomes != self._outcomes or number != self._left_out:
            self._meet(picture, range(first, first + len(outcomes)), outcomes, left_out, number)
        elif PENDING not in outcomes and picture.cells.changed[self._row] == picture.columns:
            return self._line
        shades = self._shaded(picture)
        if (shades, self._figures) != self._drawn:
            self._drawn = shades, self._figures
            self._line = self._label.copy()
            paint(self._frame, self._line, shades)
            self._frame.with_figures(self._line, self._figures)
        return self._line

    def _meet(self, picture: Picture, tasks: range, outcomes: bytes, left_out: frozenset[int], number: int) -> None:
        """Takes in that tasks have ended, or come, or are left out, `number` of them."""
        if tasks != self._tasks or number != self._left_out:
            self._label = self._frame.row(cohort_label(self._frame, tasks))
            picture.cells.changed[self._row], self._drawn = 0, None  # each shade means another share
        self._tasks, self._outcomes, self._left_out = tasks, outcomes, number
        shown = [task for task in tasks if task not in left_out]
        self._figures = _figures(picture, shown, self._frame.glyphs.dot)

    def _shaded(self, picture: Picture) -> bytes:
        """The shade of each cell, without the empty ones at the end."""
        if picture.cells.changed[self._row] < picture.columns:
            self._shade(picture)
        shades = bytes(self._shades).rstrip(b"\0")
        if picture.exact or self._outcomes.count(PENDING) <= self._left_out:
            return shades
        # Until now waits whoever is pending, even where it is not known yet what for.
        used = -(-picture.now_ns // picture.cell_ns)
        born = max(0, picture.trace.tasks.created_ns[self._tasks.start]) // picture.cell_ns
        shades = shades.ljust(used, b"\0")
        return shades[:born] + shades[born:].replace(b"\0", b"\1")

    def _shade(self, picture: Picture) -> None:
        """Works out the cells that have changed.

        Tasks that are left out are no part of the work: what they do alone is nothing.
        """
        cells, cell_ns, known = picture.cells, picture.cell_ns, self._shades
        first, last = cells.changed[self._row], -(-picture.now_ns // cell_ns)
        alone_ns, tasks = self._left_out * cell_ns, len(self._tasks)
        cells.changed[self._row] = cells.columns
        _, *spent = cells.since(self._row, first, last)
        ready, others, waits, *at_work = spent
        if not alone_ns and not any(map(any, (others, *at_work))):
            known[first:last] = bytes(map(bool, map(max, ready, waits)))
            return
        for column, (ready_ns, others_ns, waits_ns, *works_ns) in enumerate(zip(*spent, strict=True), first):
            works = sum(works_ns)
            # A single task that waits for others is the main task, most often, and no part of the work.
            there = works + ready_ns + waits_ns + others_ns > (alone_ns or min(others_ns, cell_ns))
            known[column] = shade(self._frame, works, tasks, cell_ns, there=there)


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
