"""What is new in a recorder's books since it was last told, as pieces of a journal (see `asyncdemo.journal`).

Steps and tasks are told as the bytes that they lie in; they become columns when the journal is read (`restoring`). All
other tables are told as their columns. What refers to rows of a table is told before that table, as the program goes on
meanwhile. Whoever asks for one piece after the other takes a millisecond or so of the interpreter's time for each.
"""

from __future__ import annotations

import datetime
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from asyncdemo.journal import Bytes, Piece
from asyncdemo.recorder.forgetting import ForgetfulRows
from asyncdemo.recorder.pending import MOST_PENDING
from asyncdemo.recorder.tables import CHUNK, END, ROWS, STEP, TASK
from asyncdemo.trace import NONE, Holds, Outcome, Table

if TYPE_CHECKING:
    from asyncdemo.recorder.loops import LoopRecorder
    from asyncdemo.recorder.reader import Reader
    from asyncdemo.recorder.recorder import Recorder

PAGE = 256
"""Tasks that are told of again when one of them has ended."""
UNSURE = 64
"""Of so many tasks, the last ones, what they were made with may not have been there when it was told."""


class News:
    """Tells what is new, and remembers what it has told.

    Args:
        recorder: at work.
        reader: its reader.
    """

    def __init__(self, recorder: Recorder, reader: Reader) -> None:
        self._recorder = recorder
        self._reader = reader
        self._told: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        # What forgets moves its rows: it is told whole, a table at a time.
        self._most = None if isinstance(recorder.tasks, ForgetfulRows) else ROWS

    def kept(self) -> None:
        """What was told is in safety."""
        self._kept = dict(self._told)

    def take_back(self) -> None:
        """What was told since the last time that it was `kept` is to be told again."""
        self._told = dict(self._kept)

    def pieces(self, *, over: bool) -> Iterator[Piece]:
        """What is new, a piece at a time, the last of which commits the others; `over` when it is for the last time."""
        recorder, reader, origin = self._recorder, self._reader, self._recorder.origin()
        yield from self._pending()
        yield from self._ends()
        under_way = reader.under_way()
        for loop in list(recorder.loops):
            yield from self._steps(loop)
        yield from self._grown("cancels", recorder.cancels.table)
        yield from self._grown("losses", lambda rows: recorder.losses.table(origin, rows))
        yield from self._grown("hangs", lambda rows: recorder.hangs.table(origin, rows))
        yield from self._grown("waits", recorder.waits.table)
        yield from self._grown("frames", recorder.waits.frames)
        yield from self._resources()
        yield from self._jobs(origin)
        yield from self._grown("workers", recorder.workers.table)
        yield from self._grown("stalls", lambda rows: recorder.stalls.table(origin, rows))
        yield from self._grown("pauses", lambda rows: recorder.stalls.pauses(origin, rows))
        yield from self._lines(origin)
        # Last, for all of these may name tasks that were made meanwhile.
        count = recorder.tasks.count
        yield from self._births(count)
        yield from self._changed("loops", reader.loops_table())
        yield from self._changed("processes", reader.processes_table())
        yield from self._grown("sites", recorder.sites.table)
        yield from self._strings()
        yield self._commit(count, under_way, over=over)

    def _commit(self, count: int, under_way: list[tuple[int, float, float, int, int, int]], *, over: bool) -> Piece:
        recorder, free = self._recorder, array("i")
        if isinstance(recorder.tasks, ForgetfulRows):
            free.extend(recorder.tasks.free)
        about = {
            "tasks": count,
            "origin_ns": recorder.origin(),
            "until_ns": recorder.now(),
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            "over": over,
            "under_way": under_way,
            "meta": self._reader.described(),
            "lost": {**self._reader.lost(), **recorder.apart()},
            "holds_output": recorder.holds_output,
        }
        return {"commit": about}, free.tobytes()

    # Tables

    def _grown(self, name: str, table_of: Callable[[slice], Any]) -> Iterator[Piece]:
        """The rows that a table has more than were told."""
        while True:
            first = self._told.get(name, 0)
            table = table_of(slice(first, None if self._most is None else first + self._most))
            if not len(table):
                return
            self._told[name] = first + len(table)
            yield {"put": name, "row": first}, _packed(table)
            if self._most is None:
                return

    def _changed(self, name: str, table: Table) -> Iterator[Piece]:
        """A small table as a whole, when anything in it is not as it was."""
        packed = _packed(table)
        if self._told.get(name) != packed:
            self._told[name] = packed
            yield {"put": name, "row": 0}, packed

    def _strings(self) -> Iterator[Piece]:
        texts = self._recorder.strings.texts
        while (first := self._told.get("strings", 0)) < len(texts):
            new = texts[first : first + ROWS]
            self._told["strings"] = first + len(new)
            yield {"put": "strings", "row": first, "texts": new}, b""

    def _lines(self, origin: int) -> Iterator[Piece]:
        """Printed lines; the texts of those that may be forgotten are among no others."""
        if self._most is not None:
            yield from self._grown("lines", lambda rows: self._recorder.output.table(origin, rows))
            return
        texts: list[str] = []

        def intern(text: str) -> int:
            texts.append(text)
            return NONE - len(texts)

        table = self._recorder.output.table(origin, intern=intern)
        yield {"put": "lines", "row": 0, "texts": texts}, _packed(table)

    def _resources(self) -> Iterator[Piece]:
        resources = self._recorder.resources
        yield from self._holds()
        settled = resources.settled_levels()
        yield from self._grown("levels", lambda rows: resources.levels(slice(*rows.indices(settled))))
        yield from self._grown("resources", resources.table)

    def _holds(self) -> Iterator[Piece]:
        """Holds that began, and before them when those that were told to go on ended."""
        holds, told = self._recorder.resources.holds, self._told.get("held", ())
        held = [row for row in told if holds.to_ns[row] == NONE]
        over = sorted({*told} - {*held})
        if over:
            yield {"put": "ends of holds", "rows": over}, array("q", [holds.to_ns[row] for row in over]).tobytes()

        def part(rows: slice) -> Holds:
            with holds.lock:
                found = holds.part(rows)
            held.extend(row for row, end in enumerate(found.to_ns, rows.start) if end == NONE)
            return found

        yield from self._grown("holds", part)
        self._told["held"] = tuple(held)

    def _jobs(self, origin: int) -> Iterator[Piece]:
        """New jobs, and those again that had not ended."""
        workers, end_ns = self._recorder.workers, self._recorder.now()
        jobs, known = workers.jobs(), self._told.get("jobs", 0)
        rows = [*self._told.get("open jobs", ()), *range(known, len(jobs))]
        if rows:
            self._told["open jobs"] = tuple(row for row in rows if jobs[row].outcome == Outcome.PENDING)
            self._told["jobs"] = len(jobs)
            yield {"put": "jobs", "rows": rows}, _packed(workers.rows((jobs[row] for row in rows), origin, end_ns))

    # Tasks and steps

    def _steps(self, loop: LoopRecorder) -> Iterator[Piece]:
        """The steps of a loop, and the last one that was told again, for it may have been taken back."""
        name = f"steps {loop.number}"
        gone, full, current, offset = _seen(loop)
        end = (gone + len(full)) * ROWS + offset // STEP.size
        row = max(gone * ROWS, min(self._told.get(name, 0), end) - 1)
        while row < end:
            chunk, skip = divmod(row - gone * ROWS, ROWS)
            body: Bytes = memoryview(full[chunk] if chunk < len(full) else current)[skip * STEP.size :]
            if chunk >= len(full) - 1:  # a step may be taken back from these
                body = bytes(body if chunk < len(full) else body[: offset - skip * STEP.size])
            first, row = row, row + len(body) // STEP.size
            self._told[name] = row
            yield {"put": "steps", "loop": loop.number, "row": first}, body

    def _births(self, count: int) -> Iterator[Piece]:
        """What tasks were made with."""
        tasks, told = self._recorder.tasks, self._told.get("births", 0)
        if (count, tasks.adopted) == (told, self._told.get("adopted", 0)):
            return
        # Who made those that are older than the recording is filled in later.
        first = max(0, told - UNSURE) if tasks.adopted == self._told.get("adopted", 0) else 0
        for row in range(first, count, ROWS):
            rows = tasks.births[row * TASK.size : min(row + ROWS, count) * TASK.size]
            yield {"put": "births", "row": row}, rows
        self._told["births"], self._told["adopted"] = count, tasks.adopted

    def _ends(self) -> Iterator[Piece]:
        """How tasks ended, what they were called, and what else is known of them then: a page of tasks at a time."""
        tasks = self._recorder.tasks
        if self._most is None:
            for first in range(0, tasks.count, ROWS):
                yield self._page(first, min(first + ROWS, len(tasks.names)))
            return
        while True:
            first = self._told.get("finished", 0)
            finished = tasks.finished[first : first + ROWS]
            if not finished:
                return
            self._told["finished"] = first + len(finished)
            for begin, end in _runs(sorted({row // PAGE for row in finished})):
                yield self._page(begin * PAGE, min(end * PAGE, len(tasks.names)))

    def _page(self, first: int, end: int) -> Piece:
        tasks = self._recorder.tasks
        left = self._recorder.pending.left() if tasks.left else {}
        sparse: dict[str, dict[int, Any]] = {
            "error": tasks.error,
            "cancelled": tasks.cancelled,
            "unheeded": tasks.unheeded,
            "waiting": left,
        }
        about = {
            name: [(row, values[row]) for row in range(first, end) if row in values]
            for name, values in sparse.items()
            if values
        }
        ends = tasks.ends[first * END.size : end * END.size]
        return {"put": "ends", "row": first, "names": tasks.names[first:end], **about}, ends

    def _pending(self) -> Iterator[Piece]:
        """What is known of the tasks that have not ended, unless there are very many: told whole when it changes."""
        recorder, tasks = self._recorder, self._recorder.tasks
        waits = recorder.pending.waits(all_names=True)
        rows = [step.row for step in list(tasks.steps.values()) if step.row >= 0]
        about: dict[str, Any] = {}
        if len(rows) <= MOST_PENDING:
            about = {
                "waiting": list(waits.items()),
                "names": [(row, tasks.names[row]) for row in rows],
                "cancelled": [(row, tasks.cancelled[row]) for row in rows if row in tasks.cancelled],
                "unheeded": list(recorder.pending.unheeded().items()),
            }
        if about != self._told.get("pending"):
            self._told["pending"] = about
            yield {"put": "pending", **about}, b""
        if self._most is None:
            ran = dict(recorder.budget.ran)
            yield {"put": "ran"}, array("i", [*ran, *ran.values()]).tobytes()


def _packed(table: Table) -> bytes:
    """The columns of a table, one after the other."""
    return b"".join(memoryview(getattr(table, each.name)).tobytes() for each in fields(table) if len(table))  # type: ignore[arg-type]


def _seen(loop: LoopRecorder) -> tuple[int, list[bytearray], bytearray, int]:
    """How many chunks of a loop are gone, those that are full, and how far the one is that is being filled."""
    with loop.budget.lock:
        while True:
            gone, current, offset, full = loop.gone, loop.chunk, loop.offset, list(loop.full)
            if loop.chunk is current and loop.offset >= offset:
                break
    if full and full[-1] is current:  # it is about to be replaced
        return gone, full, bytearray(CHUNK), 0
    return gone, full, current, offset


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers in ascending order as ranges, of at most `ROWS` tasks each."""
    begin = end = NONE
    for number in numbers:
        if number != end or (end - begin) * PAGE >= ROWS:
            if end > begin:
                yield begin, end
            begin = number
        end = number + 1
    if end > begin:
        yield begin, end
