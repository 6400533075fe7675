"""The tasks shown as cohorts: rows of many tasks each, worked out one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from rich.style import Style

from asyncdemo.pager.viewpoint import Viewpoint
from asyncdemo.timeline import Cohort, Lives, Window
from asyncdemo.views.canvas import Line, fit
from asyncdemo.views.frame import Frame
from asyncdemo.views.glyphs import FAINT, PLAIN
from asyncdemo.views.heat import cohort_label, figures, paint, shade
from asyncdemo.views.units import Unit

SELECTED = Style(reverse=True)
MOST = 64
"""Into so many cohorts at most the tasks are divided; those of larger ones are these, added up."""


Spent = list[tuple[int, int]]
"""For each cell the nanoseconds that tasks were at work, and those that they were there."""


class Ended(NamedTuple):
    """How the tasks of a row ended: how many well, how many not, and how long they took, the shortest first."""

    ok: int
    bad: int
    took_ns: Sequence[int]


class Crowd:
    """The cohorts of some tasks, drawn at the cost of their cells.

    Args:
        lives: the recording.
        tasks: the tasks.

    Attributes:
        size: how many tasks the smallest cohort has, a power of two.
    """

    def __init__(self, lives: Lives, tasks: Sequence[int]) -> None:
        self._lives = lives
        self._shown = tasks
        self.size = 2
        while self.size * MOST < len(tasks):
            self.size *= 2
        self._known: list[Cohort] = []
        self._spent: dict[range, tuple[Window, Spent]] = {}
        self._ended: dict[range, Ended] = {}

    @property
    def worked_out(self) -> int:
        """How many cohorts have been worked out."""
        return len(self._known)

    @property
    def complete(self) -> bool:
        """Whether all have been."""
        return self.worked_out * self.size >= len(self._shown)

    def work(self) -> None:
        """Work out the next cohort."""
        first = self.worked_out * self.size
        self._known.append(Cohort(self._lives, self._shown[first : first + self.size]))

    def line(self, frame: Frame, view: Viewpoint, first: int, unit: Unit, upto: int | None) -> Line:
        """The row that begins with the task number `first`, up to the moment `upto` if there is one."""
        tasks, window, glyphs = range(len(self._shown))[first : first + view.cohort], view.window, frame.glyphs
        name = fit(cohort_label(frame, tasks), frame.name, glyphs.cut)
        chosen = view.selected in tasks
        line = Line("  ").put(name, SELECTED if chosen else PLAIN, frame.name).to(frame.label)
        if tasks.stop > self.worked_out * self.size:
            return line.put(glyphs.cut, FAINT)
        spent = self._cells(tasks, window)[: None if upto is None else max(0, window.column(upto) + 1)]
        cell = window.cell_ns
        shades = [shade(frame, works, len(tasks), cell, there=there > 0) for works, there in spent]
        paint(frame, line, bytes(shades).rstrip(b"\0"))
        now = window.column(view.moment_ns)
        if chosen and 0 <= now < window.columns:
            under = shades[now] if now < len(shades) else 0
            line.over(frame.label + now, f" {glyphs.dot}{glyphs.shades}"[under], SELECTED)
        said = figures(*self._how_ended(tasks), unit, glyphs.dot) if upto is None else ["", ""]
        return frame.with_figures(line, said)

    def _cells(self, tasks: range, window: Window) -> Spent:
        """What a row shows of a window; of one that has only moved the columns that come into sight are worked out."""
        before, known = self._spent.get(tasks, (window, None))
        if known is None or before != window:
            by = window.moved(before) if known else 0
            come = self._added_up(tasks, window.come(by) if by else window)
            known = [*known[by:], *come] if known and by > 0 else [*come, *known[:by]] if known and by else come
            self._spent[tasks] = window, known
        return known

    def _added_up(self, tasks: range, window: Window) -> Spent:
        columns = zip(*(each.spent(window) for each in self._of(tasks)), strict=True)
        return [(sum(works for works, _ in cell), sum(there for _, there in cell)) for cell in columns]

    def _how_ended(self, tasks: range) -> Ended:
        if tasks not in self._ended:
            cohorts = self._of(tasks)
            took = sorted(chain.from_iterable(each.took_ns for each in cohorts))
            self._ended[tasks] = Ended(sum(each.ok for each in cohorts), sum(each.bad for each in cohorts), took)
        return self._ended[tasks]

    def _of(self, tasks: range) -> Sequence[Cohort]:
        return self._known[tasks.start // self.size : -(-tasks.stop // self.size)]
