"""A stretch of time in cells: what to draw of one task's life, worked out in one pass from left to right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from asyncdemo.timeline.cells import STATES
from asyncdemo.timeline.states import State

SLIVER = 4
"""At either end of a life, a moment that fills less than one part in so many of its cell is no cell."""
SKIPPED = STATES
"""In the place of a state: what was not looked at."""
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

    def edges(self) -> range:
        """Where its cells begin, and where the last one ends."""
        return range(self.start_ns, self.end_ns + 1, self.cell_ns)

    def moved(self, before: Window) -> int:
        """By how many columns it lies later than another window, below 0 earlier; 0 where they share no columns."""
        by, between = divmod(self.start_ns - before.start_ns, self.cell_ns)
        return by if self[1:] == before[1:] and not between and abs(by) < self.columns else 0

    def come(self, by: int) -> Window:
        """The columns that have come into sight when it has moved by so many of them."""
        return Window(self.end_ns - by * self.cell_ns if by > 0 else self.start_ns, self.cell_ns, abs(by))

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

    def moved(self, by: int, come: Stretch) -> Stretch:
        """The same row, `by` columns later, or earlier (below 0); `come` are the columns that come into sight."""
        columns = len(self.states)
        marks = {column - by: mark for column, mark in self.marks.items() if 0 <= column - by < columns}
        first = columns - by if by > 0 else 0
        marks |= {first + column: mark for column, mark in come.marks.items()}
        states = self.states[by:] + come.states if by > 0 else come.states + self.states[:by]
        return Stretch(states, marks, self.sampled or come.sampled)


class Columns:
    """Finds the state that prevails in each cell of a window."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._found = bytearray(window.columns)

    def spend(self, since_ns: int, pieces: Iterable[tuple[int, int]]) -> None:
        """A stretch of a life in its order: from `since_ns` on it was in each state until the time beside it.

        What is `SKIPPED` counts for nothing, and so does what lies outside the window.
        """
        origin, width, end_ns = self._window.start_ns, self._window.cell_ns, self._window.end_ns
        since = max(since_ns, origin)
        column = (since - origin) // width
        upto, spent, found = origin + (column + 1) * width, [0] * (STATES + 1), self._found
        for state, until in pieces:
            if until <= since:
                continue
            if until <= upto:
                spent[state] += until - since
                since = until
                continue
            # The cell is complete; those behind it are full of this state, but for the last one.
            spent[state] += upto - since
            found[column] = _most(spent)
            if upto >= end_ns:
                return
            since = min(end_ns, until)
            last = (since - 1 - origin) // width
            if last > column + 1 and state != SKIPPED:
                found[column + 1 : last] = bytes((state,)) * (last - column - 1)
            column, upto, spent = last, origin + (last + 1) * width, [0] * (STATES + 1)
            spent[state] = since - upto + width
        found[column] = _most(spent)

    def states(self, born_ns: int, died_ns: int) -> bytes:
        """The states, without the cells that a life from `born_ns` to `died_ns` only just touches."""
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


def _most(spent: list[int]) -> int:
    """The state in which most of a cell was spent; of those that share it equally the higher one prevails."""
    spent[SKIPPED] = 0
    most = max(spent)
    return STATES - spent[::-1].index(most) if most else 0
