"""Growing tables of a recording: rows packed into bytes as they happen, columns when they are read."""

from __future__ import annotations

import re
import struct
from _thread import RLock
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import count
from typing import Any, TypeVar

from asyncdemo.compiled import ByIdentity, by_identity, hot, numbers, objects
from asyncdemo.recorder.clock import SECOND, nanoseconds
from asyncdemo.trace import NONE, Steps

Row = TypeVar("Row")

STEP = struct.Struct("@dddiii4x")
"""ready, start and end in seconds, task, wait, waker, and four bytes that keep rows on eight-byte boundaries."""
ROWS = 4096
CHUNK = STEP.size * ROWS
_INTS = STEP.size // 4
_LONGS = STEP.size // 8
ALL = slice(None)


def appended(rows: list[Row], row: Row) -> int:
    """Appends a row of which there is no other object, and returns its index.

    The garbage collector may run the program's finalizers in between, and they may append to the same rows.
    """
    while True:
        index = len(rows)
        rows.append(row)
        if rows[index] is row:
            return index


def view(column: array[int]) -> memoryview[int]:
    """A column that cannot be written to any more."""
    return memoryview(column).toreadonly()


def columns(type_codes: str, rows: Sequence[Sequence[int]]) -> Sequence[memoryview[int]]:
    """Turns rows of integers into columns of the given `array` type codes."""
    if not rows:
        return _empty(type_codes)
    return [view(array(code, column)) for code, column in zip(type_codes, zip(*rows, strict=True), strict=True)]


@cache
def _empty(type_codes: str) -> Sequence[memoryview[int]]:
    """Columns without rows: most tables of a snapshot have none."""
    return [view(array(code)) for code in type_codes]


def from_origin(times: Iterable[float], origin_ns: int) -> list[int]:
    """Seconds as nanoseconds from `origin_ns` on, like `clock.nanoseconds` of each."""
    return [round(t * SECOND) - origin_ns for t in times]  # `nanoseconds` written out: this runs for every step


class StepBudget:
    """Bounds how many steps are kept of all loops together: of more than that the oldest go, a chunk at a time.

    Args:
        most: how many steps are kept at least, or None for all.

    Attributes:
        chunks: how many full chunks are kept at most; 0 for all.
        forget: called with a time in seconds from when on everything is kept, or None.
        ran: how many steps of each task are gone.
    """

    def __init__(self, most: int | None) -> None:
        self.chunks = 0 if most is None else -(-most // ROWS) + 1
        self._full: deque[StepRows] = deque()
        self.lock = RLock()
        self.forget: Callable[[float], None] | None = None
        self._gone_s: deque[float] = deque(maxlen=self.chunks)
        self.ran: Counter[int] = Counter()

    def filled(self, rows: StepRows) -> None:
        """Notes that a loop has filled another chunk; lets go of the oldest one when that is one too many."""
        if not self.chunks:
            return
        with self.lock:
            self._full.append(rows)
            if len(self._full) <= self.chunks:
                return
            self._gone_s.append(self._full.popleft().drop_oldest())
            if self.forget is not None and len(self._gone_s) == self.chunks:
                self.forget(self._gone_s[0])


class StepRows(numbers(object, offset=int)):  # type: ignore[misc]
    """The steps of one loop. The hot path writes into `chunk` at `offset` itself; see `loops`.

    Attributes:
        gone: how many chunks have been let go of.
    """

    __slots__ = objects("budget", "chunk", "full", "gone")
    offset: int

    def __init__(self, budget: StepBudget) -> None:
        self.budget = budget
        self.gone = 0
        self.full: list[bytearray] = []
        self.chunk = bytearray(CHUNK)
        self.offset = 0

    def append(self, ready: float, start: float, end: float, task: int, wait: int, waker: int) -> None:
        """Appends one step."""
        STEP.pack_into(self.chunk, self.offset, ready, start, end, task, wait, waker)
        self.offset += STEP.size
        if self.offset == CHUNK:
            self.next_chunk()

    def drop_last(self) -> None:
        """Takes the step that was appended last back."""
        if not self.offset:
            self.chunk, self.offset = self.full.pop(), CHUNK
        self.offset -= STEP.size

    def next_chunk(self) -> None:
        """Starts a new chunk: the old one is full."""
        self.full.append(self.chunk)
        self.chunk = bytearray(CHUNK)
        self.offset = 0
        self.budget.filled(self)

    def drop_oldest(self) -> float:
        """Lets go of the oldest full chunk; returns when its last step ended."""
        chunk = self.full.pop(0)
        self.gone += 1
        self.budget.ran.update(memoryview(chunk).cast("i")[6::_INTS].tolist())
        return float(STEP.unpack_from(chunk, CHUNK - STEP.size)[2])

    def last_end(self) -> float:
        """When the last step ended, read from any thread; 0 when that cannot be told."""
        offset, chunk = self.offset, self.chunk
        return float(STEP.unpack_from(chunk, offset - STEP.size)[2]) if offset else 0.0

    def since(self, row: int) -> tuple[int, bytearray]:
        """The bytes of all rows from number `row` on that are still there, and the number of the first of them."""
        with self.budget.lock:
            gone, chunks, offset, current = self.gone, list(self.full), self.offset, self.chunk
        row = max(row, gone * ROWS)
        first, skip = divmod(row - gone * ROWS, ROWS)
        rest = bytearray().join(chunks[first:])
        rest += memoryview(current)[: offset if len(chunks) >= first else 0]
        del rest[: skip * STEP.size]
        return row, rest

    def take(self) -> bytearray:
        """The bytes of all rows that are still there and are gone afterwards: each chunk is freed once it is copied."""
        rows = bytearray()
        chunks, self.full = self.full[::-1], []
        while chunks:
            rows += chunks.pop()
        rows += memoryview(self.chunk)[: self.offset]
        self.chunk, self.offset = bytearray(CHUNK), 0
        return rows

    def __len__(self) -> int:
        return (self.gone + len(self.full)) * ROWS + self.offset // STEP.size


def steps_table(rows: bytearray, origin_ns: int) -> Steps:
    """Turns packed rows with absolute times into a table whose times count from `origin_ns`; takes `rows` over."""
    seconds, longs, ints = memoryview(rows).cast("d"), memoryview(rows).cast("q"), memoryview(rows).cast("i")
    for start in range(0, len(longs), ROWS * _LONGS):
        part = slice(start, start + ROWS * _LONGS)
        for column in range(3):
            counted = from_origin(seconds[part][column::_LONGS].tolist(), origin_ns)
            longs[part][column::_LONGS] = memoryview(array("q", counted))
    times = longs.toreadonly()
    others = ints.toreadonly()
    return Steps(
        times[0::_LONGS], times[1::_LONGS], times[2::_LONGS], others[6::_INTS], others[7::_INTS], others[8::_INTS]
    )


def merged(parts: Sequence[bytearray]) -> bytearray:
    """The rows of several loops in the order in which they began to run."""
    rows = [part[offset : offset + STEP.size] for part in parts for offset in range(0, len(part), STEP.size)]
    rows.sort(key=lambda row: STEP.unpack(row)[1])
    return bytearray().join(rows)


TASK = struct.Struct("@diiiii4x")
"""When it was created in seconds, coro, defined, parent, site, loop, and four bytes that fill the row up."""
END = struct.Struct("@ddi4x")
"""When it started and ended in seconds, and outcome of a finished task; zeros while it is not."""
BLOCK = 1024
MANY = 2000
"""Of more tasks than this that ended since the last snapshot a snapshot takes in columns, not rows."""
_PENDING = re.compile(rb"\0+")
"""Tasks in a row that have not ended, by their outcomes."""
_NOT_BEGUN = array("q", [NONE]).tobytes()
_ORIGIN = struct.Struct("@ii")
_ORIGIN_PLACE = 16
"""Parent and site in a row of `TASK`."""
_pack_task = TASK.pack_into
_TASK_SIZE = TASK.size


class TaskRows(numbers(object, count=int)):  # type: ignore[misc]
    """Every task of every loop. A row is appended and filled in by its own loop's thread."""

    __slots__ = objects(
        *("_rows", "adopted", "births", "cancelled", "ends", "error", "finished", "first_created", "left", "lock"),
        *("names", "raised", "steps", "unheeded"),
    )
    count: int

    def __init__(self) -> None:
        self.count = 0
        self.adopted = 0
        """How many were there before the recording."""
        self.finished: list[int] = []
        """The tasks that have finished, in that order."""
        self.first_created: float | None = None
        self.names: list[str | None] = []
        self.steps: ByIdentity[Any] = by_identity()
        """What serves the steps of each unfinished task, by the identity of the task."""
        self.error: dict[int, str] = {}
        self.cancelled: dict[int, tuple[int, int]] = {}
        """Task -> who asked for its cancellation, and the site of the call."""
        self.raised: dict[int, int] = {}
        """The tasks that an exception ended, by identity: whoever takes a freed one's place has ended later."""
        self.unheeded: dict[int, int] = {}
        """Task -> how many requests to end it returned in spite of."""
        self.left: dict[int, Any] = {}
        """What each destroyed task waited for: a row of waits, a request, or `NONE` when it could not be seen."""
        self.ends = bytearray()
        self.births = bytearray()
        self._rows = count()
        self.lock = RLock()

    def add(self, now: float, coro: int, defined: int, parent: int, site: int, loop: int) -> int:
        """Appends a task and returns its row."""
        row = next(self._rows)
        if row >= len(self.names):
            self._grow(row, now)
        _pack_task(self.births, row * _TASK_SIZE, now, coro, defined, parent, site, loop)
        self.count = row + 1
        return row

    def made_by(self, row: int, parent: int, site: int) -> None:
        """Fills in who made a task, and where."""
        _ORIGIN.pack_into(self.births, row * _TASK_SIZE + _ORIGIN_PLACE, parent, site)

    def row_of(self, task: object) -> int:
        """The row of an unfinished task, or `NONE`."""
        step = self.steps.get(id(task))
        return NONE if step is None else step.row

    def _grow(self, row: int, now: float) -> None:
        with self.lock:
            if row < len(self.names):
                return
            if self.first_created is None:
                self.first_created = now
            self.births += bytes(BLOCK * TASK.size)
            self.ends += bytes(BLOCK * END.size)
            self.names.extend([None] * BLOCK)

    def born(self, first: int, number: int, origin_ns: int) -> list[list[int]]:
        """Columns of the tasks from `first` to before `number`: created_ns, coro, defined, parent, site, loop."""
        rows = memoryview(self.births[first * TASK.size : number * TASK.size])
        ints = rows.cast("i")
        return [
            from_origin(rows.cast("d")[:: TASK.size // 8].tolist(), origin_ns),
            *(ints[column :: TASK.size // 4].tolist() for column in range(2, 7)),
        ]


if hot:
    hot.learn("tasks", TaskRows)


class Column:
    """A growing column that hands out views of itself.

    A view stays what it is when the column grows beyond its room, for then the column moves; until then it shows values
    that are filled in later.
    """

    def __init__(self, type_code: str, default: int = NONE) -> None:
        self.values = array(type_code)
        self._default = array(type_code, [default])
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def extend(self, values: Sequence[int]) -> None:
        """Appends values."""
        first, self._length = self._length, self._length + len(values)
        self.reserve(self._length)
        memoryview(self.values)[first : self._length] = memoryview(array(self.values.typecode, values))

    def reach(self, length: int) -> None:
        """Makes the column this long, with defaults at its end."""
        self.reserve(length)
        self._length = length

    def reserve(self, length: int) -> None:
        """Makes room for this many values."""
        if length > len(self.values):
            self.values = self.values + self._default * max(BLOCK, length)

    def view(self) -> memoryview[int]:
        """The column as it is now."""
        return memoryview(self.values)[: self._length].toreadonly()


class TaskColumns:
    """The tasks of a recording as columns that follow it at the cost of what is new.

    Args:
        rows: the tasks.
        name_code: how the column of names writes a name.
    """

    def __init__(self, rows: TaskRows, name_code: Callable[[str], int]) -> None:
        self._rows = rows
        self._name_code = name_code
        self._finished = 0
        self._created = Column("q")
        self._born = [Column("i") for _ in range(5)]
        self._started, self._ended = Column("q"), Column("q")
        self._name, self._outcome = Column("i"), Column("b", 0)
        self._seen_names: list[str | None] = []
        """Those that the column of names has, as far as the last task that had not ended."""

    def __len__(self) -> int:
        return len(self._created)

    def follow(self, origin_ns: int, end_ns: int, most_pending: int, *, last: bool = False) -> None:
        """Takes in what is new.

        Of unfinished tasks the start, the name and the end, which is `end_ns`, are taken in when there are at most
        `most_pending`. With `last` nobody will read the names of finished tasks again, and they are given up.
        """
        upto = len(self._rows.finished)
        number = self._rows.count
        self._take_births(number, origin_ns)
        for column in (self._started, self._ended, self._name, self._outcome):
            column.reach(number)
        if upto - self._finished > MANY and most_pending < number:
            self._follow_many(origin_ns, end_ns, upto)
        else:
            self._follow_finished(origin_ns, upto, last=last)
        if len(self._rows.steps) <= most_pending:
            self._follow_pending(origin_ns, end_ns)

    def grow(self, origin_ns: int, end_ns: int) -> None:
        """Takes in tasks that were made since, as unfinished ones, so that whatever names a task finds it."""
        first, number = len(self), self._rows.count
        self._take_births(number, origin_ns)
        for column in (self._started, self._ended, self._name, self._outcome):
            column.reach(number)
        for row in range(first, number):
            self._ended.values[row] = max(end_ns - origin_ns, self._created.values[row])

    def _take_births(self, number: int, origin_ns: int) -> None:
        """Takes in what the first `number` tasks were made with."""
        first = len(self)
        for column in (self._created, *self._born):
            column.reserve(number)
        for begin in range(first, number, ROWS):
            created, *others = self._rows.born(begin, min(begin + ROWS, number), origin_ns)
            self._created.extend(created)
            for column, values in zip(self._born, others, strict=True):
                column.extend(values)

    def _follow_many(self, origin_ns: int, end_ns: int, upto: int) -> None:
        """Takes in how very many tasks ended, all at once and without their names, which no view of so many shows."""
        rows = memoryview(bytes(self._rows.ends[: len(self) * END.size]))
        outcomes = rows.cast("i")[4 :: END.size // 4].tolist()
        started, ended = (from_origin(rows.cast("d")[column :: END.size // 8].tolist(), origin_ns) for column in (0, 1))
        so_far = end_ns - origin_ns
        begun = array("q", [t if how else NONE for t, how in zip(started, outcomes, strict=True)])
        over = array("q", [t if how else so_far for t, how in zip(ended, outcomes, strict=True)])
        for column, values in ((self._started, begun), (self._ended, over), (self._outcome, array("b", outcomes))):
            memoryview(column.values)[: len(values)] = memoryview(values)
        self._finished = upto

    def _follow_finished(self, origin_ns: int, upto: int, *, last: bool) -> None:
        for first in range(self._finished, upto, BLOCK):
            self._take_ends(self._rows.finished[first : min(first + BLOCK, upto)], origin_ns, last=last)
        self._finished = upto

    def _take_ends(self, new: Sequence[int], origin_ns: int, *, last: bool) -> None:
        """Takes in how these tasks ended: together, but never so many that it takes memory to speak of."""
        ends, names, seen = self._rows.ends, self._rows.names, self._seen_names
        begun, ended, outcomes, codes = (
            column.values for column in (self._started, self._ended, self._outcome, self._name)
        )
        starts, stops, how = zip(*[END.unpack_from(ends, row * END.size) for row in new], strict=True)
        times = from_origin(starts, origin_ns), from_origin(stops, origin_ns)
        for row, start, stop, outcome in zip(new, *times, how, strict=True):
            begun[row], ended[row], outcomes[row], name = start, stop, outcome, names[row]
            if name is None or row >= len(seen) or name is not seen[row]:
                codes[row] = self._name_code(name or "")
            if last:
                names[row] = None

    def _follow_pending(self, origin_ns: int, end_ns: int) -> None:
        outcomes, started, ended = bytes(self._outcome.view()), self._started.values, self._ended.values
        upto, fresh = 0, False
        for run in _PENDING.finditer(outcomes):
            first, upto = run.span()
            ended[first:upto] = array("q", [end_ns - origin_ns]) * (upto - first)
            fresh = fresh or _NOT_BEGUN in started[first:upto].tobytes()
        if fresh:
            self._take_starts(outcomes, origin_ns)
        self._take_names(upto)

    def _take_starts(self, outcomes: bytes, origin_ns: int) -> None:
        """Takes in when pending tasks began."""
        started = self._started.values
        for step in list(self._rows.steps.values()):
            row = step.row
            if 0 <= row < len(outcomes) and not outcomes[row] and started[row] == NONE and step.started != NONE:
                started[row] = nanoseconds(step.started) - origin_ns

    def _take_names(self, upto: int) -> None:
        """Takes in the names of tasks that have another one than before, of those up to row `upto`."""
        names, seen = self._rows.names[:upto], self._seen_names
        if names == seen:
            return
        seen.extend([None] * (upto - len(seen)))
        for row, name in enumerate(names):
            if name is not seen[row]:
                self._name.values[row] = self._name_code(name or "")
        self._seen_names = names

    def began(self, row: int, start_ns: int) -> None:
        """Notes when a task began that is in its first step."""
        if self._started.values[row] == NONE:
            self._started.values[row] = start_ns

    def views(self) -> dict[str, memoryview[int]]:
        """The columns as they are now, by their name in `trace.Tasks`."""
        born = zip(("coro", "defined", "parent", "site", "loop"), self._born, strict=True)
        return {
            **{name: column.view() for name, column in born},
            "name": self._name.view(),
            "created_ns": self._created.view(),
            "started_ns": self._started.view(),
            "ended_ns": self._ended.view(),
            "outcome": self._outcome.view(),
        }
