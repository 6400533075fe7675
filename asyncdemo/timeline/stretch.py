"""A stretch of time in cells: what to draw of one task's life, worked out in one pass from left to right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from asyncdemo.timeline.cells import STATES
from asyncdemo.timeline.states import State

SLIVER = 4
"""At either end of a life, a moment that fills less than one part in so many of its cell is no cell."""
MOMENTARY = (State.READY, State.RUN)
"""States in which the lateness of timers puts the last moment of many a life."""


class Window(NamedTuple):
    """What one looks at: `columns` (at least 1) cells of `cell_ns` (at least 1) from `start_ns` (at least 0) on."""

    start_ns: int
    cell_ns: int
    columns: int

    @property
    def end_ns(self) -> int:
        """Where it ends; the nanosecond at the end lies outside."""
        return self.start_ns + self.cell_ns * self.columns

    def column(self, t_ns: int) -> int:
        """The cell of a time: below 0 or beyond `columns` when it lies outside."""
        return (t_ns - self.start_ns) // self.cell_ns


@dataclass(slots=True)
class Stretch:
    """What a task's row shows of a window.

    Attributes:
        states: the `State` in which most of each cell was spent, 0 where there was no life.
        marks: the `Mark`s of moments, by column.
        sampled: whether a cell held more steps than were looked at.
    """

    states: bytes
    marks: dict[int, int] = field(default_factory=dict)
    sampled: bool = False


class Columns:
    """Takes the intervals of a life in their order, and finds the state that prevails in each cell of a window."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._span_ns = window.cell_ns * window.columns
        self._found = bytearray(window.columns)
        self._column = -1
        self._from_ns = self._upto_ns = window.start_ns
        self._spent = [0] * STATES

    def add(self, start_ns: int, end_ns: int, state: State) -> None:
        """An interval, which does not begin before the one before it ends; what lies outside the window is left out."""
        # Most intervals are short and lie in the cell of the one before them.
        if self._from_ns <= start_ns and end_ns <= self._upto_ns:
            self._spent[state] += end_ns - start_ns
            return
        width = self._window.cell_ns
        begin, end = max(start_ns - self._window.start_ns, 0), min(end_ns - self._window.start_ns, self._span_ns)
        if end <= begin:
            return
        first, last = begin // width, (end - 1) // width
        if first != self._column:
            self._close(first)
        if first == last:
            self._spent[state] += end - begin
            return
        self._spent[state] += (first + 1) * width - begin
        self._close(last)
        self._found[first + 1 : last] = bytes((state,)) * (last - first - 1)
        self._spent[state] = end - last * width

    def states(self, born_ns: int, died_ns: int) -> bytes:
        """The states, without the cells that a life from `born_ns` to `died_ns` only just touches."""
        self._close(-1)
        found, window = self._found, self._window
        first, last = window.column(born_ns), window.column(died_ns - 1)
        if first < last and self._is_sliver(last, died_ns - window.start_ns - last * window.cell_ns):
            found[last] = 0
        if first < last and self._is_sliver(first, (first + 1) * window.cell_ns + window.start_ns - born_ns):
            found[first] = 0
        return bytes(found)

    def _is_sliver(self, column: int, lived_ns: int) -> bool:
        inside = 0 <= column < self._window.columns
        return inside and self._found[column] in MOMENTARY and lived_ns * SLIVER < self._window.cell_ns

    def _close(self, following: int) -> None:
        """The cell is complete: of states that share it equally the higher one prevails."""
        most = max(self._spent)
        if most:
            self._found[self._column] = STATES - 1 - self._spent[::-1].index(most)
            self._spent = [0] * STATES
        self._column = following
        self._from_ns = self._window.start_ns + following * self._window.cell_ns
        self._upto_ns = self._from_ns + self._window.cell_ns
