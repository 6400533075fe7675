"""Cells: time binned into the columns of a picture, with room that doubles when time runs past the right edge."""

from __future__ import annotations

from enum import IntEnum
from itertools import repeat
from operator import add

from asyncdemo.timeline.states import State

STATES = len(State)


class Mark(IntEnum):
    """What happened at a moment of a task's life, beside the states that last; a cell has the sum of several."""

    STEP = 1
    """It ran between two waits."""
    CANCEL = 2
    """It was asked to end."""
    TIMEOUT = 4
    """A time-out asked it to end."""


class Cells:
    """Rows of columns; each cell counts the nanoseconds spent in each state.

    Adding costs as much as there are cells to touch, whatever was added before. When something ends beyond the right
    edge, cells double their width, as often as it takes.

    Args:
        columns: how many cells a row has, at least 1.
        cell_ns: how much time a cell stands for, at least 1.
    """

    def __init__(self, columns: int, cell_ns: int) -> None:
        self.columns = columns
        self.cell_ns = cell_ns
        self.changed: list[int] = []
        """For each row the first column touched since whoever draws it last set this to `columns`."""
        self.marks: list[dict[int, int]] = []
        """For each row the `Mark`s of its columns; a moment at the very end may lie in the column after the last."""
        self._end = 0
        """The first column that nothing has touched, nor any after it."""
        self._ns: list[list[list[int]]] = []
        self._spent: list[list[int]] = []
        """Row sums of each state."""
        self._dominant: list[bytearray] = []
        self._totals = [[0] * columns for _ in range(STATES)]
        self._unsummed = [columns] * STATES
        """For each state the first column touched since its column sums were worked out."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self._ns)

    def grow(self, rows: int) -> None:
        """Add empty rows until there are at least `rows`."""
        for _ in range(rows - self.rows):
            self._ns.append([[0] * self.columns for _ in range(STATES)])
            self._spent.append([0] * STATES)
            self._dominant.append(bytearray(self.columns))
            self.marks.append({})
            self.changed.append(0)

    def add(self, row: int, state: State, start_ns: int, end_ns: int, count: int = 1) -> None:
        """Count the time from `start_ns` to `end_ns`, `count` times; what lies before the run (below 0) is left out.

        A `count` of -1 takes back what was added.
        """
        if start_ns < 0:
            start_ns = 0
        if end_ns <= start_ns:
            return
        if end_ns > self.columns * self.cell_ns:
            self.reach(end_ns)
        width, cells = self.cell_ns, self._ns[row][state]
        first, last = start_ns // width, (end_ns - 1) // width
        if first == last:
            cells[first] += (end_ns - start_ns) * count
        else:
            cells[first] += ((first + 1) * width - start_ns) * count
            cells[first + 1 : last] = map(add, cells[first + 1 : last], repeat(width * count))
            cells[last] += (end_ns - last * width) * count
        self._spent[row][state] += (end_ns - start_ns) * count
        if first < self._unsummed[state]:
            self._unsummed[state] = first
        if first < self.changed[row]:
            self.changed[row] = first
        if last >= self._end:
            self._end = last + 1

    def mark(self, row: int, mark: Mark, moment_ns: int) -> None:
        """Note that something happened at `moment_ns`."""
        marks, column = self.marks[row], max(moment_ns, 0) // self.cell_ns
        marks[column] = marks.get(column, 0) | mark

    def dominant(self, row: int) -> bytearray:
        """The `State` in which most of each cell of a row was spent (not a copy)."""
        known, first = self._dominant[row], self.changed[row]
        if first < self.columns:
            end = self._end
            known[first:end] = _dominant([cells[first:end] for cells in self._ns[row]])
            self.changed[row] = self.columns
        return known

    def ns(self, row: int, state: State) -> list[int]:
        """The nanoseconds that each cell of a row spent in `state` (not a copy)."""
        return self._ns[row][state]

    def since(self, row: int, first: int, last: int) -> list[list[int]]:
        """For each `State`, by number, the nanoseconds that a row spent in it in the columns from `first` to `last`."""
        return [cells[first:last] for cells in self._ns[row]]

    def spent_ns(self, row: int, state: State) -> int:
        """How many nanoseconds a row spent in `state` in all its cells together."""
        return self._spent[row][state]

    def total(self, state: State) -> list[int]:
        """Column sums of the nanoseconds in `state`, over all rows (not a copy)."""
        sums, first = self._totals[state], self._unsummed[state]
        if first < self.columns:
            end = self._end
            sums[first:end] = map(sum, zip(*[cells[state][first:end] for cells in self._ns], strict=True))
            self._unsummed[state] = self.columns
        return sums

    def reach(self, end_ns: int) -> None:
        """Stretch until `end_ns` fits."""
        while end_ns > self.columns * self.cell_ns:
            self.stretch()

    def stretch(self) -> None:
        """Double the time that a cell stands for: each pair of cells becomes one."""
        self.cell_ns *= 2
        self._end = -(-self._end // 2)
        self._ns = [[_paired(cells) for cells in states] for states in self._ns]
        self.marks = [_halved(marks) for marks in self.marks]
        self._redo()

    def resize(self, columns: int) -> None:
        """Make rows `columns` wide, stretching as often as it takes to lose nothing."""
        while columns < self.columns and any(any(map(any, _tails(states, columns))) for states in self._ns):
            self.stretch()
        self._ns = [[_fitted(cells, columns) for cells in states] for states in self._ns]
        self.columns, self._end = columns, min(self._end, columns)
        self._redo()

    def fold(self) -> None:
        """Add up each pair of neighbouring rows, so that half as many remain; their marks are forgotten."""
        if self.rows % 2:
            self.grow(self.rows + 1)
        pairs = zip(self._ns[::2], self._ns[1::2], strict=True)
        self._ns = [[_summed(a, b) for a, b in zip(upper, lower, strict=True)] for upper, lower in pairs]
        self._spent = [_summed(a, b) for a, b in zip(self._spent[::2], self._spent[1::2], strict=True)]
        self.marks = [{} for _ in self._ns]
        self._redo()

    def _redo(self) -> None:
        self._dominant = [bytearray(self.columns) for _ in self._ns]
        self.changed = [0] * self.rows
        self._totals = [[0] * self.columns for _ in range(STATES)]
        self._unsummed = [0] * STATES


def _paired(cells: list[int]) -> list[int]:
    """Half as many cells with the sums of pairs, filled up to the old length."""
    sums = [a + b for a, b in zip(cells[::2], cells[1::2], strict=False)]
    odd = cells[-1:] if len(cells) % 2 else []
    return [*sums, *odd, *[0] * (len(cells) - len(sums) - len(odd))]


def _halved(marks: dict[int, int]) -> dict[int, int]:
    """The marks of pairs of columns."""
    halved: dict[int, int] = {}
    for column, mark in marks.items():
        halved[column // 2] = halved.get(column // 2, 0) | mark
    return halved


def _fitted(cells: list[int], columns: int) -> list[int]:
    return cells[:columns] + [0] * (columns - len(cells))


def _summed(upper: list[int], lower: list[int]) -> list[int]:
    return [a + b for a, b in zip(upper, lower, strict=True)]


def _tails(states: list[list[int]], columns: int) -> list[list[int]]:
    return [cells[columns:] for cells in states]


def _dominant(states: list[list[int]]) -> bytearray:
    """The state with the most time in each column; the higher of equals, `NONE` when there is no time at all."""
    best = bytearray(len(states[0]))
    for column, cell in enumerate(zip(*states, strict=True)):
        most = max(cell)
        if most:
            best[column] = STATES - 1 - cell[::-1].index(most)
    return best


class Labels:
    """Rows of columns that show who was there longest in each cell: the slots of a semaphore, the jobs of a thread.

    Args:
        columns: how many cells a row has, at least 1.
        cell_ns: how much time a cell stands for, at least 1.
    """

    def __init__(self, columns: int, cell_ns: int) -> None:
        self.columns = columns
        self.cell_ns = cell_ns
        self.rows: list[list[tuple[int, int]]] = []
        """For each cell how long (ns) and who (a number from zero); `(0, -1)` for nobody."""
        self.busy_ns: list[int] = [0] * columns
        """Column sums of the time that anybody was there."""

    def add(self, row: int, label: int, start_ns: int, end_ns: int) -> None:
        """Count the time from `start_ns` to `end_ns` for `label`; a row that is not there yet is added."""
        start_ns = max(start_ns, 0)
        if end_ns <= start_ns:
            return
        while end_ns > self.columns * self.cell_ns:
            self.stretch()
        while len(self.rows) <= row:
            self.rows.append([(0, -1)] * self.columns)
        cells, width = self.rows[row], self.cell_ns
        for column in range(start_ns // width, (end_ns - 1) // width + 1):
            spent = min(end_ns, (column + 1) * width) - max(start_ns, column * width)
            self.busy_ns[column] += spent
            longest, who = cells[column]
            if who == label:
                cells[column] = (longest + spent, who)
            elif spent >= longest:
                cells[column] = (spent, label)

    def stretch(self) -> None:
        """Double the time that a cell stands for; of each pair the label that was there longer stays."""
        self.cell_ns *= 2
        self.rows = [_longer(cells) for cells in self.rows]
        self.busy_ns = _paired(self.busy_ns)

    def resize(self, columns: int) -> None:
        """Make rows `columns` wide, stretching as often as it takes to lose nothing."""
        while columns < self.columns and any(self.busy_ns[columns:]):
            self.stretch()
        missing = columns - self.columns
        self.rows = [cells[:columns] + [(0, -1)] * missing for cells in self.rows]
        self.busy_ns = _fitted(self.busy_ns, columns)
        self.columns = columns


def _longer(cells: list[tuple[int, int]]) -> list[tuple[int, int]]:
    padded = [*cells, (0, -1)] if len(cells) % 2 else cells
    merged = [_merged(a, b) for a, b in zip(padded[::2], padded[1::2], strict=True)]
    return merged + [(0, -1)] * (len(cells) - len(merged))


def _merged(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return (a[0] + b[0], a[1]) if a[1] == b[1] else max(a, b)
