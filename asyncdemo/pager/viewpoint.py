"""Viewpoint: where one looks at a recording: which tasks, which stretch of time, which task and moment of them."""

from __future__ import annotations

from collections.abc import Sequence

from asyncdemo.timeline import Window

ZOOM = 2
"""A step of zooming shows so many times as much, or as little."""


class Viewpoint:
    """What the screen is turned to. Whatever is moved stays within the recording, and the selection on the screen.

    Args:
        duration_ns: how long the recording is.
        tasks: how many tasks it has.

    Attributes:
        shown: the tasks that there are rows for, in order.
        cohort: how many of them share a row; 1 when each has a lane.
        selected: the number of the selected task in `shown`; 0 when none is shown.
        moment_ns: the moment that one looks at.
        window: the stretch of time on the screen.
        top: the number in `shown` of the first task on the screen.
        lanes: how many rows the screen has room for.
    """

    def __init__(self, duration_ns: int, tasks: int) -> None:
        self.duration_ns = max(duration_ns, 1)
        self.shown: Sequence[int] = range(tasks)
        self.cohort = 1
        self.selected = self.top = 0
        self.moment_ns = 0
        self.lanes = 1
        self.window = Window(0, self.duration_ns, 1)

    @property
    def task(self) -> int | None:
        """The selected task; none where it is a cohort that is selected."""
        return self.shown[self.selected] if self.shown and self.cohort == 1 else None

    @property
    def rows(self) -> int:
        """How many rows there are, on the screen and beyond it."""
        return -(-len(self.shown) // self.cohort)

    @property
    def on_screen(self) -> Sequence[int]:
        """The tasks whose rows are on the screen."""
        return self.shown[self.top : self.top + self.lanes * self.cohort]

    @property
    def is_whole(self) -> bool:
        """Whether the screen shows the recording from beginning to end."""
        return self.window.cell_ns == self._widest_ns(self.window.columns)

    def fit(self, columns: int, lanes: int) -> None:
        """Take another size; what was all of the time stays that, else the first column stays where it is."""
        if columns != self.window.columns:
            widest = self._widest_ns(columns)
            cell_ns = widest if self.is_whole else min(self.window.cell_ns, widest)
            self.window = self._within(self.window.start_ns, cell_ns, columns)
        self.lanes = max(1, lanes)
        self.select(self.selected)

    def select(self, number: int) -> None:
        """Select the task with this number in `shown`, or the one nearest to it, or the cohort that it is in."""
        self.selected = min(max(number, 0), max(0, len(self.shown) - 1))
        row, last = self.selected // self.cohort, max(0, self.rows - 1)
        first = max(0, row - self.lanes + 1)
        self.top = self.cohort * min(max(self.top // self.cohort, first), row, max(0, last + 1 - self.lanes))

    def move(self, rows: int) -> None:
        """Select a row further down, or up (below 0)."""
        self.select((self.selected // self.cohort + rows) * self.cohort)

    def gather(self, cohort: int) -> None:
        """Have so many tasks a row; what is selected stays selected, its row at the top where that can be."""
        self.top = self.selected // self.cohort * self.cohort
        self.cohort = cohort
        self.select(self.selected)

    def select_task(self, task: int) -> bool:
        """Select a task; False when it is not among those shown."""
        if task not in self.shown:
            return False
        self.select(self.shown.index(task))
        return True

    def show(self, tasks: Sequence[int]) -> None:
        """Show these tasks alone, each in a lane; the selected one stays selected when it is among them."""
        before = self.shown[self.selected] if self.shown else None
        self.shown = tasks
        self.cohort, self.top = 1, 0
        if before is None or not self.select_task(before):
            self.select(0)

    def scroll(self, rows: int) -> None:
        """Move the rows on the screen, and the selection with them where it would leave it."""
        last = max(0, self.rows - self.lanes)
        self.top = self.cohort * min(max(self.top // self.cohort + rows, 0), last)
        self.select(min(max(self.selected, self.top), self.top + self.lanes * self.cohort - 1))

    def go(self, moment_ns: int) -> None:
        """Look at another moment; the window follows when it lies outside, by as little as shows it."""
        self.moment_ns = min(max(moment_ns, 0), self.duration_ns)
        start, cell_ns, columns = self.window
        column = self.window.column(min(self.moment_ns, self.duration_ns - 1))
        beyond = min(column, 0) + max(column - columns + 1, 0)
        self.window = self._within(start + beyond * cell_ns, cell_ns, columns)

    def follow(self, moment_ns: int) -> None:
        """Look at a later moment; where that lies beyond the window it becomes the first column of another one."""
        if moment_ns >= self.window.end_ns:
            self.window = self._within(moment_ns, self.window.cell_ns, self.window.columns)
        self.go(moment_ns)

    def step(self, cells: int) -> None:
        """Move the moment by so many cells; it then lies at the beginning of one."""
        column = self.window.column(self.moment_ns) + cells
        self.go(self.window.start_ns + column * self.window.cell_ns)

    def pan(self, cells: int) -> None:
        """Move the window and the moment together by so many cells."""
        start, cell_ns, columns = self.window
        self.window = self._within(start + cells * cell_ns, cell_ns, columns)
        self.go(self.moment_ns + cells * cell_ns)

    def zoom(self, *, closer: bool) -> None:
        """Show half or twice as much time, around the moment, which stays in its column as far as that can be."""
        _, cell_ns, columns = self.window
        widest = self._widest_ns(columns)
        fresh = max(1, cell_ns // ZOOM) if closer else min(widest, cell_ns * ZOOM)
        column = min(max(self.window.column(self.moment_ns), 0), columns - 1)
        if fresh != cell_ns:
            self.window = self._within(self.moment_ns - column * fresh, fresh, columns)
            self.go(self.moment_ns)

    def whole(self) -> None:
        """Show all of the time."""
        self.window = Window(0, self._widest_ns(self.window.columns), self.window.columns)

    def look_at(self, start_ns: int, end_ns: int) -> None:
        """Show a stretch of time in the middle third of the screen; the moment is its beginning."""
        columns = self.window.columns
        cell_ns = min(max(1, (end_ns - start_ns) * 3 // columns), self._widest_ns(columns))
        margin = (cell_ns * columns - (end_ns - start_ns)) // 2
        self.window = self._within(start_ns - margin, cell_ns, columns)
        self.go(start_ns)

    def _widest_ns(self, columns: int) -> int:
        return -(-self.duration_ns // columns)

    def _within(self, start_ns: int, cell_ns: int, columns: int) -> Window:
        last = max(0, self.duration_ns - cell_ns * columns)
        return Window(min(max(start_ns, 0), last), cell_ns, columns)
