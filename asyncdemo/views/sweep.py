"""A sweep in the terminal: measured dots on the ideal line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from asyncdemo.compare.curves import round_up
from asyncdemo.quantities import format_duration
from asyncdemo.views.canvas import Line, wrapped
from asyncdemo.views.glyphs import FAINT, PLAIN, WORKING

if TYPE_CHECKING:
    from asyncdemo.compare.curves import Sweep
    from asyncdemo.views.glyphs import Glyphs

HEIGHT = 11
"""Odd, so that half of the time at the top has a row of its own."""
LABEL = 8
MARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LEAST_CELLS = 16
IDEAL = " "


def sweep_lines(sweep: Sweep, width: int, glyphs: Glyphs) -> Iterator[Line]:
    """The curves over their axis, then which mark is which subject."""
    cells = width - LABEL - 2
    if cells < LEAST_CELLS:
        return
    top_ns = round_up(sweep.longest_ns)
    grid = _Grid(cells, top_ns)
    for curve in sweep.curves:
        ideals = [(point.x, point.ideal_ns) for point in curve.points if point.ideal_ns is not None]
        for (x1, y1), (x2, y2) in pairwise(ideals):
            grid.line(x1, y1, x2, y2, glyphs.dot)
    marks = _marks(sweep, glyphs)
    for mark, curve in zip(marks, sweep.curves, strict=True):
        for point in curve.points:
            grid.put(point.x, point.wall_ns, mark)
    for row, text in enumerate(grid.rows()):
        ns = top_ns * (HEIGHT - 1 - row) / (HEIGHT - 1)
        label = format_duration(round(ns)) if row in {0, HEIGHT // 2, HEIGHT - 1} else ""
        line = Line(f"{label.rjust(LABEL)} ", FAINT).put(glyphs.bar, FAINT)
        for character in text:
            line.put(character, WORKING if character in marks else FAINT)
        yield line
    yield from _axis(sweep, cells, glyphs)
    entries = [Line(mark, WORKING).put(f" {each.title}") for mark, each in zip(marks, sweep.curves, strict=True)]
    ideal = any(point.ideal_ns is not None for curve in sweep.curves for point in curve.points)
    yield from wrapped([*entries, *([Line(glyphs.dot, FAINT).put(" ideal")] if ideal else [])], width)


class _Grid:
    """Characters by column and row; 0 is at the bottom left."""

    def __init__(self, cells: int, top_ns: float) -> None:
        self._cells = cells
        self._top_ns = top_ns or 1
        self._rows = [[IDEAL] * cells for _ in range(HEIGHT)]

    def put(self, x: float, ns: float, mark: str) -> None:
        column = min(self._cells - 1, round(x * (self._cells - 1)))
        self._rows[min(HEIGHT - 1, round(ns / self._top_ns * (HEIGHT - 1)))][column] = mark

    def line(self, x1: float, ns1: float, x2: float, ns2: float, mark: str) -> None:
        steps = max(1, round((x2 - x1) * self._cells))
        for step in range(steps + 1):
            share = step / steps
            self.put(x1 + (x2 - x1) * share, ns1 + (ns2 - ns1) * share, mark)

    def rows(self) -> Iterator[str]:
        for row in reversed(self._rows):
            yield "".join(row).rstrip()


def _axis(sweep: Sweep, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    """The line under the curves, the values below it as far as there is room, and the parameter's name."""
    places = sorted({(round(point.x * (cells - 1)), point.text) for curve in sweep.curves for point in curve.points})
    ticks = {column for column, _ in places}
    yield Line(" " * (LABEL + 1) + glyphs.line).put(
        "".join(glyphs.tick if column in ticks else glyphs.line for column in range(cells)), FAINT
    )
    texts = Line(" " * (LABEL + 2))
    for column, text in places:
        start = LABEL + 2 + min(column, cells - len(text))
        if texts.width == LABEL + 2 or start > texts.width:
            texts.to(start).put(text, FAINT)
    yield texts
    name = f"{sweep.parameter.replace('_', ' ')}{', by factors' * sweep.factors}"
    yield Line(" " * (LABEL + 2)).put(name.rjust(cells), PLAIN)


def _marks(sweep: Sweep, glyphs: Glyphs) -> str:
    """A mark for each curve: a dot for one, letters for several."""
    if len(sweep.curves) == 1:
        return "o" if glyphs.bar.isascii() else "●"
    return (MARKS * (1 + len(sweep.curves) // len(MARKS)))[: len(sweep.curves)]
