"""Crowds: so many tasks that nobody looks at them one by one.

A snapshot of a crowd copies nothing that grows with the run. Its tables of tasks and holds are read where they were
recorded, a row or an even sample at a time, and how many tasks ended how is counted at the cost of those that have
ended since the snapshot before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from asyncdemo.recorder.clock import nanoseconds
from asyncdemo.recorder.tables import END, TASK, columns, from_origin
from asyncdemo.trace import NONE, Actor, Ends, Holds, Lines, Outcome, Resources, Tasks

if TYPE_CHECKING:
    from array import array

    from asyncdemo.recorder.output import OutputBook
    from asyncdemo.recorder.resources import ResourceBook
    from asyncdemo.recorder.tables import TaskRows


Code = Literal["i", "d"]

LAST_LINES = 100
"""A snapshot of a crowd has the printed lines that a screen has room for."""
_OUTCOME = 16
"""The byte of a finished task's `END` that has its outcome."""


class Column(Sequence[int]):
    """A column that is read when somebody asks for it.

    Args:
        length: how many rows it has.
        read: gives the values of rows.
        read_one: gives that of one row, if that is faster.
    """

    def __init__(
        self, length: int, read: Callable[[range], Sequence[int]], read_one: Callable[[int], int] | None = None
    ) -> None:
        self._rows = range(length)
        self._read = read
        self._read_one = read_one

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...

    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return self._read(self._rows[index])
        row = self._rows[index]
        return self._read(range(row, row + 1))[0] if self._read_one is None else self._read_one(row)


class EndsInOrder(Column, Ends):
    """When each task ended, and how many had ended by when without looking at each.

    Args:
        length, read: see `Column`.
        end: when a task ended that has.
        order: those that have ended, in that order.
    """

    def __init__(
        self,
        length: int,
        read: Callable[[range], Sequence[int]],
        end: Callable[[int], int],
        order: Sequence[int],
    ) -> None:
        super().__init__(length, read)
        self._end, self._order = end, order

    def ended_by(self, t_ns: int, least: int, most: int) -> int:
        """How many tasks had ended by this time; loops in several threads may have noted theirs a moment late."""
        return bisect_right(self._order, t_ns, least, most, key=self._end)


class Outcomes(Column):
    """How each task ended, and how many ended how without looking at each."""

    def __init__(self, length: int, read: Callable[[range], Sequence[int]], counts: Mapping[int, int]) -> None:
        super().__init__(length, read)
        self._counts = counts

    def count(self, value: int) -> int:
        """How many tasks have this outcome."""
        return self._counts.get(value, 0)


class Crowd:
    """The tasks and the holds of a recording, read where they are.

    Args:
        tasks: the tasks.
        resources: what they hold.
        name_code: how the column of names writes a name.
        text: gives the string of a text.
    """

    def __init__(
        self,
        tasks: TaskRows,
        resources: ResourceBook,
        name_code: Callable[[str], int],
        text: Callable[[str], int],
    ) -> None:
        self._text = text
        self._tasks = tasks
        self._resources = resources
        self._name_code = name_code
        self._counted = 0
        self._ended: Counter[int] = Counter()

    def tasks(self, origin_ns: int, end_ns: int) -> Tasks:
        """The table of tasks; unfinished ones end at `end_ns`."""
        tasks, how = self._tasks, self._count()
        number = tasks.count
        counts = {**how, Outcome.PENDING: number - sum(how.values())}

        def times(seconds: list[float]) -> list[int]:
            return from_origin(seconds, origin_ns)

        def created(row: int) -> int:
            return nanoseconds(TASK.unpack_from(tasks.births, row * TASK.size)[0]) - origin_ns

        def ended(row: int) -> int:
            return nanoseconds(END.unpack_from(tasks.ends, row * END.size)[1]) - origin_ns

        def started_ns(rows: range) -> list[int]:
            known = zip(self._of_end(rows, "i", 4), times(self._of_end(rows, "d", 0)), strict=True)
            return [start if outcome else NONE for outcome, start in known]

        def ended_ns(rows: range) -> list[int]:
            known = zip(self._of_end(rows, "i", 4), times(self._of_end(rows, "d", 1)), strict=True)
            return [end if outcome else end_ns - origin_ns for outcome, end in known]

        return Tasks(
            name=Column(number, lambda rows: [self._name(row) for row in rows]),
            coro=Column(number, lambda rows: self._of_birth(rows, "i", 2)),
            defined=Column(number, lambda rows: self._of_birth(rows, "i", 3)),
            parent=Column(number, lambda rows: self._of_birth(rows, "i", 4)),
            site=Column(number, lambda rows: self._of_birth(rows, "i", 5)),
            loop=Column(number, lambda rows: self._of_birth(rows, "i", 6)),
            created_ns=Column(number, lambda rows: times(self._of_birth(rows, "d", 0)), created),
            started_ns=Column(number, started_ns),
            ended_ns=EndsInOrder(number, ended_ns, ended, tasks.finished),
            outcome=Outcomes(number, lambda rows: self._of_end(rows, "i", 4), counts),
            steps=Column(number, lambda rows: [0] * len(rows)),
            error=Column(number, lambda rows: [self._error(row) for row in rows]),
            cancelled_by=Column(number, lambda rows: [self._cancelled(row)[0] for row in rows]),
            cancelled_at=Column(number, lambda rows: [self._cancelled(row)[1] for row in rows]),
            unheeded=Column(number, lambda rows: [0] * len(rows)),
            waiting=Column(number, lambda rows: [NONE] * len(rows)),
        )

    def lines(self, output: OutputBook, origin_ns: int) -> Lines:
        """The lines that were printed last."""
        return output.table(origin_ns, slice(-LAST_LINES, None))

    def resources(self) -> Resources:
        """The table of resources."""
        return Resources(*columns("iiii", self._resources.rows))

    def holds(self, end_ns: int) -> Holds:
        """The table of holds; those that go on end at `end_ns`, which counts from the origin."""
        held = self._resources.holds
        number = len(held.site)

        def column(values: array[int]) -> Column:
            return Column(number, lambda rows: _items(values, rows))

        return Holds(
            resource=column(held.resource),
            task=column(held.task),
            asked_ns=column(held.asked_ns),
            from_ns=column(held.from_ns),
            to_ns=Column(number, lambda rows: [end_ns if to == NONE else to for to in _items(held.to_ns, rows)]),
            site=column(held.site),
        )

    def _count(self) -> dict[int, int]:
        """How many tasks have ended how."""
        finished, ends = self._tasks.finished, self._tasks.ends
        new = finished[self._counted :]
        self._counted += len(new)
        if new and new == list(range(new[0], new[0] + len(new))):  # neighbours, as they often are, cost next to nothing
            how = bytes(ends[new[0] * END.size + _OUTCOME : (new[-1] + 1) * END.size : END.size])
        else:
            how = bytes([ends[row * END.size + _OUTCOME] for row in new])
        for outcome in Outcome:
            self._ended[outcome] += how.count(outcome)
        return dict(self._ended)

    def _of_birth(self, rows: range, code: Code, place: int) -> list[Any]:
        return self._packed(self._tasks.births, TASK.size, rows, code, place)

    def _of_end(self, rows: range, code: Code, place: int) -> list[Any]:
        return self._packed(self._tasks.ends, END.size, rows, code, place)

    def _packed(self, packed: bytearray, size: int, rows: range, code: Code, place: int) -> list[Any]:
        # Bytes that somebody views cannot grow, so the tasks' lock keeps them from trying.
        with self._tasks.lock, memoryview(packed) as view, view.cast(code) as values:
            each = size // values.itemsize
            with values[rows.start * each + place : rows.stop * each : rows.step * each] as wanted:
                return wanted.tolist()

    def _name(self, row: int) -> int:
        name = self._tasks.names[row]
        return NONE if name is None else self._name_code(name)

    def _error(self, row: int) -> int:
        error = self._tasks.error.get(row)
        return NONE if error is None else self._text(error)

    def _cancelled(self, row: int) -> tuple[int, int]:
        return self._tasks.cancelled.get(row, (Actor.UNKNOWN, NONE))


def _items(values: array[int], rows: range) -> array[int]:
    return values[rows.start : rows.stop : rows.step]
