"""A trace of what was saved of a recording while it went on: the other end of `news`."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from asyncdemo.journal import VERSION, UnusableError, committed
from asyncdemo.recorder.clock import SECOND
from asyncdemo.recorder.reader import merged_table, sparse
from asyncdemo.recorder.sites import name_code
from asyncdemo.recorder.tables import END, STEP, TASK, TaskRows, from_origin, view
from asyncdemo.schema import schema, tables
from asyncdemo.selection import in_order, newest
from asyncdemo.trace import NONE, Actor, Outcome, Steps, Tasks, Trace


def restored(data: memoryview) -> Trace:
    """The recording that was saved in parts, as it was when something was saved for the last time.

    Args:
        data: the file, from behind its magic line; it may end anywhere.

    Returns:
        The trace, of which nothing has been checked. When the recording was cut off, `meta["cut_off"]` says so.

    Raises:
        UnusableError: nothing whole was saved, or in another format.
        Exception: what is there was not written by a recorder.
    """
    pieces = committed(data)
    if not pieces:
        raise UnusableError("is of a recording that was cut off before anything of it was whole.\nRecord anew.")
    (head, _), *others = pieces
    if head["version"] > VERSION or head["byteorder"] != sys.byteorder:
        raise UnusableError(
            f"was cut off, and saved in parts of format {head['version']}, {head['byteorder']} endian.\n"
            f"This asyncdemo reads formats up to {VERSION}, {sys.byteorder} endian.\nUpgrade it, or record anew."
        )
    books = _Books(len(data) // TASK.size)
    for about, body in others:
        books.take(about, body)
    return books.trace()


class _Books:
    """What was told of a recorder's books.

    Args:
        most_tasks: how many tasks there can be at most.
    """

    def __init__(self, most_tasks: int) -> None:
        self._most_tasks = most_tasks
        self._strings: list[str] = []
        self._index: dict[str, int] = {}
        self._texts: list[str] = []
        self._tables = {
            name: {column: array(code) for column, code in columns.items()} for name, columns in schema().items()
        }
        self._steps: dict[int, tuple[int, bytearray]] = {}
        self._births, self._ends = bytearray(), bytearray()
        self._names: list[str | None] = []
        self._known: dict[str, dict[int, Any]] = {"error": {}, "cancelled": {}, "unheeded": {}, "waiting": {}}
        self._pending: Mapping[str, Any] = {}
        self._ran: Counter[int] = Counter()
        self._commit: Mapping[str, Any] = {}
        self._free = array("i")
        self._takes: dict[str, Callable[[Mapping[str, Any], memoryview], None]] = {
            "strings": self._take_strings,
            "lines": self._take_lines,
            "steps": self._take_steps,
            "births": self._take_births,
            "ends": self._take_ends,
            "ends of holds": self._take_ends_of_holds,
            "pending": self._take_pending,
            "ran": self._take_ran,
        }

    def take(self, about: Mapping[str, Any], body: memoryview) -> None:
        """Takes in one piece."""
        if "commit" in about:
            self._commit, self._free = about["commit"], array("i", body.tobytes())
        else:
            self._takes.get(about["put"], self._take_rows)(about, body)

    # Taking in

    def _take_rows(self, about: Mapping[str, Any], body: memoryview) -> None:
        columns = self._tables[about["put"]]
        number, rest = divmod(len(body), sum(column.itemsize for column in columns.values()))
        if rest:
            raise ValueError(rest)
        end = 0
        for column in columns.values():
            begin, end = end, end + number * column.itemsize
            values = array(column.typecode, body[begin:end].tobytes())
            if "rows" not in about:
                _lay(column, about["row"], values)
                continue
            for row, value in zip(about["rows"], values, strict=True):
                _lay(column, row, array(column.typecode, [value]))

    def _take_strings(self, about: Mapping[str, Any], _: memoryview) -> None:
        if about["row"] != len(self._strings):
            raise ValueError(about["row"])
        self._strings += about["texts"]

    def _take_lines(self, about: Mapping[str, Any], body: memoryview) -> None:
        self._texts = about.get("texts", [])
        self._take_rows(about, body)

    def _take_steps(self, about: Mapping[str, Any], body: memoryview) -> None:
        first, rows = self._steps.setdefault(about["loop"], (about["row"], bytearray()))
        _put(rows, (about["row"] - first) * STEP.size, body)
        if len(rows) % STEP.size:
            raise ValueError(len(rows))

    def _take_births(self, about: Mapping[str, Any], body: memoryview) -> None:
        _lay(self._births, about["row"] * TASK.size, body)

    def _take_ends(self, about: Mapping[str, Any], body: memoryview) -> None:
        first, names = about["row"], about["names"]
        missing = first + len(names) - len(self._names)
        if not 0 <= first <= self._most_tasks:
            raise ValueError(first)
        self._names += [None] * max(0, missing)
        self._ends += bytes(max(0, missing) * END.size)
        self._names[first : first + len(names)] = names
        _lay(self._ends, first * END.size, body)
        for what, known in self._known.items():
            known.update(dict(about.get(what, ())))

    def _take_ends_of_holds(self, about: Mapping[str, Any], body: memoryview) -> None:
        for row, end in zip(about["rows"], body.cast("q"), strict=True):
            self._tables["holds"]["to_ns"][row] = end

    def _take_pending(self, about: Mapping[str, Any], _: memoryview) -> None:
        self._pending = about

    def _take_ran(self, _: Mapping[str, Any], body: memoryview) -> None:
        numbers = array("i", body.tobytes())
        half = len(numbers) // 2
        self._ran = Counter(dict(zip(numbers[:half], numbers[half:], strict=True)))

    # The whole

    def trace(self) -> Trace:
        """The trace."""
        commit, origin = self._commit, self._commit["origin_ns"]
        end_ns = max(0, commit["until_ns"] - origin)
        for place, row in enumerate(self._tables["holds"]["to_ns"]):
            if row == NONE:
                self._tables["holds"]["to_ns"][place] = end_ns
        steps, total = self._all_steps(origin, commit["until_ns"])
        tasks = self._tasks(steps, origin, end_ns)
        texts, first = self._tables["lines"]["text"], len(self._strings)
        self._strings += self._texts
        for place, text in enumerate(texts):
            if text < NONE:
                texts[place] = first + NONE - text - 1
        others = {
            name: tables()[name](**{column: view(values) for column, values in columns.items()})
            for name, columns in self._tables.items()
            if name not in {"steps", "tasks", "running"}
        }
        trace = Trace(
            meta={**commit["meta"], **_cut_off(commit), **_of_child(commit)},
            duration_ns=end_ns,
            strings=tuple(self._strings),
            tasks=tasks,
            steps=steps,
            lost=commit["lost"],
            **others,
        )
        return self._bounded(trace, total)

    def _bounded(self, trace: Trace, total: int) -> Trace:
        """The newest steps alone, if more were not asked for."""
        most = trace.meta.get("scope", {}).get("max_steps")
        if most is None:
            return trace
        trace = in_order(trace, self._free)
        if total <= most or not len(trace.steps):
            return trace
        trace = newest(trace, most, lines=self._commit["holds_output"])
        return replace(trace, lost={**trace.lost, "steps": total - len(trace.steps)})

    def _all_steps(self, origin: int, until_ns: int) -> tuple[Steps, int]:
        """The steps with those that were under way, and how many there ever were."""
        numbers = range(len(self._tables["loops"]["kind"]))
        parts = [self._steps.get(number, (0, bytearray()))[1] for number in numbers]
        total = sum(first + len(rows) // STEP.size for first, rows in self._steps.values())
        for number, ready, start, task, wait, waker in self._commit["under_way"]:
            rows = parts[number]
            if not rows or STEP.unpack_from(rows, len(rows) - STEP.size)[1] < start:
                rows += STEP.pack(ready, start, until_ns / SECOND, task, wait, waker)
                total += 1
        return merged_table(parts, origin), total

    def _tasks(self, steps: Steps, origin: int, end_ns: int) -> Tasks:
        count = self._commit["tasks"]
        born = TaskRows()
        born.births = self._births
        created, coro, defined, parent, site, loop = born.born(0, count, origin)
        if len(created) != count:
            raise ValueError(count)
        started, ended, outcomes = self._lives(count, steps, created, origin, end_ns)
        pending = {row for row, outcome in enumerate(outcomes) if outcome == Outcome.PENDING}
        known = self._with_pending(pending)
        counts = Counter(steps.task) + self._ran
        errors = {row: self._text(error) for row, error in known["error"].items()}
        return Tasks(
            name=view(array("i", [self._name(name) for name in self._all_names(count, pending)])),
            coro=view(array("i", coro)),
            defined=view(array("i", defined)),
            parent=view(array("i", parent)),
            site=view(array("i", site)),
            loop=view(array("i", loop)),
            created_ns=view(array("q", created)),
            started_ns=view(started),
            ended_ns=view(ended),
            outcome=view(outcomes),
            steps=sparse(count, counts, 0),
            error=sparse(count, errors, NONE),
            cancelled_by=sparse(count, {row: who for row, (who, _) in known["cancelled"].items()}, Actor.UNKNOWN),
            cancelled_at=sparse(count, {row: site for row, (_, site) in known["cancelled"].items()}, NONE),
            unheeded=sparse(count, known["unheeded"], 0),
            waiting=sparse(count, known["waiting"], NONE),
        )

    def _lives(
        self, count: int, steps: Steps, created: list[int], origin: int, end_ns: int
    ) -> tuple[array[int], array[int], array[int]]:
        """When each task started and ended, and how."""
        rows = memoryview(self._ends)[: count * END.size]
        outcomes = array("b", rows.cast("i")[4 :: END.size // 4].tolist())
        started, ended = (
            array("q", from_origin(rows.cast("d")[column :: END.size // 8].tolist(), origin)) for column in (0, 1)
        )
        for column, code in ((started, 0), (ended, 0), (outcomes, 0)):
            column.extend([code] * (count - len(column)))
        begun = zip(steps.task[::-1], steps.wait[::-1], steps.start_ns[::-1], strict=True)
        first = {task: start for task, wait, start in begun if wait < 0}
        for row in range(count):
            if outcomes[row] == Outcome.PENDING:
                started[row], ended[row] = first.get(row, NONE), max(end_ns, created[row])
        return started, ended, outcomes

    def _with_pending(self, pending: set[int]) -> dict[str, dict[int, Any]]:
        """What is known of tasks, with what was last told of those that had not ended."""
        known = {what: dict(values) for what, values in self._known.items()}
        for what in ("cancelled", "unheeded", "waiting"):
            known[what].update({row: value for row, value in self._pending.get(what, ()) if row in pending})
        return known

    def _all_names(self, count: int, pending: set[int]) -> list[str | None]:
        names = [*self._names[:count], *[None] * (count - len(self._names))]
        for row, name in self._pending.get("names", ()):
            if row in pending:
                names[row] = name
        return [name if row in pending else name or "" for row, name in enumerate(names)]

    def _name(self, name: str | None) -> int:
        return NONE if name is None else name_code(name, self._text)

    def _text(self, text: str) -> int:
        if not self._index:
            self._index = {text: index for index, text in enumerate(self._strings)}
        if text not in self._index:
            self._index[text] = len(self._strings)
            self._strings.append(text)
        return self._index[text]


def _cut_off(commit: Mapping[str, Any]) -> dict[str, Any]:
    return {} if commit["over"] else {"cut_off": commit["time"], "goes_on": True}


def _put(rows: bytearray, place: int, body: memoryview) -> None:
    """Lets `body` follow the first `place` bytes, in place of what did."""
    if not 0 <= place <= len(rows):
        raise ValueError(place)
    rows[place:] = body


def _of_child(commit: Mapping[str, Any]) -> dict[str, Any]:
    """When a child's recording begins, for its parent."""
    child = commit["meta"].get("child")
    return {"child": {**child, "origin_ns": commit["origin_ns"]}} if child else {}


def _lay(rows: Any, place: int, body: Any) -> None:
    """Lays `body` over what is there from `place` on, and beyond its end."""
    if not 0 <= place <= len(rows):
        raise ValueError(place)
    rows[place : place + len(body)] = body
