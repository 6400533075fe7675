"""The rows under the tasks: slots of semaphores, holders of locks, threads and processes, and how many at once."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, takewhile
from operator import itemgetter

from rich.style import Style

from asyncdemo.timeline import LIVE_BUDGET, Picture, Span, State, levels, most_tasks, peak
from asyncdemo.trace import NONE, Outcome
from asyncdemo.views.canvas import Line, fit
from asyncdemo.views.frame import Frame
from asyncdemo.views.glyphs import CANCELLED, FAILED, PLAIN, STATE_STYLES, WORKING, Glyphs, status
from asyncdemo.views.names import lane_names, tags, worker_names
from asyncdemo.views.units import count

SEVERAL = 2
MOST_QUEUES = 3
"""Of more queues than this the first ones have a row."""
MOST_CHANGES = 500
"""Of more changes of a queue's length within a cell the last ones are looked at."""
MOST_HOLDS = 300
"""Of more holds than this a live picture looks at the last ones."""
TOGETHER = NONE - 1
"""From here downwards: the number of several that were in one cell of a slot together, one after the other."""
QUEUED = STATE_STYLES[State.WAIT]
Name = Callable[[int], tuple[str, Style]]
"""What stands for a task in a slot, and in which style."""
BADLY = {Outcome.RAISED: FAILED, Outcome.CANCELLED: CANCELLED, Outcome.DESTROYED: FAILED}


def slot_rows(frame: Frame, picture: Picture, tasks: Sequence[int]) -> list[Line]:
    """A row for each slot of each resource that was held, with who held it; `tasks` are those on the screen."""
    trace, name, lines = picture.trace, namer(picture, tasks), list[Line]()
    several, held = len(picture.places.seats) > 1, None
    for resource in sorted(picture.places.seats):
        title = trace.text(trace.resources.name[resource])
        if "Semaphore" in trace.text(trace.resources.kind[resource]):
            prefix = title if several else "slot"
            slots = picture.places.seats[resource].labels.rows
            lines.extend(held_rows(frame, {f"{prefix} {seat}": cells for seat, cells in enumerate(slots, 1)}, name))
        else:
            held = _holds(picture) if held is None else held
            rows_of_lock = _lock_rows(frame, picture, resource, held[resource], name)
            lines.extend(line for cells, shown in rows_of_lock for line in held_rows(frame, {title: cells}, shown))
    return lines


def _holds(picture: Picture) -> defaultdict[int, list[Span]]:
    """Who held each resource when, in the order in which they acquired it; of many in a live picture the last."""
    holds, last = picture.trace.holds, slice(None if picture.exact else -MOST_HOLDS, None)
    found = defaultdict[int, list[Span]](list)
    for resource, start, end, task in zip(
        holds.resource[last], holds.from_ns[last], holds.to_ns[last], holds.task[last], strict=True
    ):
        found[resource].append(Span(start, end, task))
    return found


def _lock_rows(
    frame: Frame, picture: Picture, resource: int, held: Sequence[Span], name: Name
) -> Iterator[tuple[list[tuple[int, int]], Name]]:
    """Who held a lock; those that held it for moments within one cell are named in turn, where there is room."""
    rows = picture.places.seats[resource].labels.rows
    cells = list(rows[0]) if rows else [(0, NONE)] * picture.columns
    moments, shown = _moments(picture, held, cells), dict[int, tuple[str, Style]]()
    for column, tasks in moments.items():
        names = [name(task) for task in tasks]
        text = "".join(text for text, _ in names)
        behind = range(column + 1, min(column + len(text), picture.columns))
        free = list(takewhile(lambda cell: cells[cell][1] == NONE and cell not in moments, behind))
        if free:
            several = fit(text, 1 + len(free), frame.glyphs.cut), WORKING
            shown[TOGETHER - column] = names[0] if len(names) == 1 else several
            cells[column : column + 1 + len(free)] = [(0, TOGETHER - column)] * (1 + len(free))
        elif cells[column][1] == NONE:
            cells[column] = 0, tasks[0]
    yield cells, lambda who: shown[who] if who in shown else name(who)
    yield from ((others, name) for others in rows[1:])


def _moments(picture: Picture, held: Iterable[Span], cells: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """Who held a lock within each cell, in turn, by column; not where somebody held it for longer than that."""
    found: dict[int, list[int]] = {}
    for start, end, task in held:
        column = min(max(start, 0) // picture.cell_ns, picture.columns - 1)
        if end <= (column + 1) * picture.cell_ns and found.get(column, [])[-1:] != [task]:
            found.setdefault(column, []).append(task)
    return {column: tasks for column, tasks in found.items() if cells[column][1] in (NONE, *tasks)}


def namer(picture: Picture, tasks: Sequence[int]) -> Name:
    """What to write into a slot that one of `tasks` holds; colour tells one that failed or was cancelled."""
    short = tags(lane_names(picture.trace, tasks))
    outcomes = picture.trace.tasks.outcome
    return lambda task: (short.get(task, "?"), BADLY.get(Outcome(outcomes[task]), WORKING))


def held_rows(frame: Frame, rows: Mapping[str, Sequence[tuple[int, int]]], name: Name) -> list[Line]:
    """Rows by title that show who was there: a name begins its cells, or fills them where all names are one letter."""
    runs = {title: _runs(cells) for title, cells in rows.items()}
    there = {who for row in runs.values() for who, _ in row} - {NONE}
    single = all(len(name(who)[0]) == 1 for who in there if who > TOGETHER)
    return [_held_row(frame, title, row, name, single=single) for title, row in runs.items()]


def _held_row(frame: Frame, title: str, runs: Sequence[tuple[int, int]], name: Name, *, single: bool) -> Line:
    line = frame.row(title)
    for who, room in runs:
        text, style = name(who) if who != NONE else (" ", PLAIN)
        repeated = (single and who > TOGETHER) or who == NONE
        line.put(text * room if repeated else filled(text, room, frame.glyphs), style)
    return line


def filled(name: str, room: int, glyphs: Glyphs) -> str:
    """The name in `room` cells: `12──`, or how much of it there is room for; half a number would be another one."""
    if len(name) > room and (room > 1 or name[0].isdigit()):
        return fit(name, room, glyphs.cut)
    return name[:room].ljust(room, glyphs.line)


def worker_rows(frame: Frame, picture: Picture) -> list[Line]:
    """A row for each thread and process: each job begins with its function's name, or a tag where that is too long.

    A job that failed ends with the mark for it.
    """
    trace, names = picture.trace, _job_names(frame, picture)
    rows = []
    for label, cells in zip(worker_names(trace), picture.places.jobs.rows, strict=False):
        line = frame.row(label if len(label) <= frame.name else f"{label[:3]}{label[label.index(' ') :]}")
        for job, room in _runs(cells):
            busy = frame.glyphs.states[State.SLEEP]
            text = names[trace.jobs.function[job]].ljust(room, busy)[:room] if job != NONE else " " * room
            bad = BADLY.get(Outcome(trace.jobs.outcome[job])) if job != NONE else None
            line.put(text[: room - 1] if bad else text, PLAIN if job == NONE else WORKING)
            line.put(status(frame.glyphs, trace.jobs.outcome[job], "", waits=False)[0] if bad else "", bad or PLAIN)
        rows.append(line)
    return rows


def job_tags(frame: Frame, picture: Picture) -> dict[str, str]:
    """What the tags in the rows of threads and processes stand for: functions by tag."""
    functions = _functions(picture)
    return {tag: functions[row] for row, tag in _job_names(frame, picture).items() if tag != _spaced(functions[row])}


def _job_names(frame: Frame, picture: Picture) -> dict[int, str]:
    """What is written for each function: its name where each of its jobs has room for it, else a tag."""
    functions, least = _functions(picture), dict[int, int]()
    for cells in picture.places.jobs.rows:
        for job, room in _runs(cells):
            if job != NONE:
                function = picture.trace.jobs.function[job]
                least[function] = min(room, least.get(function, room))
    short = tags(functions) if len(set(functions.values())) > 1 else {row: name[:1] for row, name in functions.items()}
    return {
        row: _spaced(name) if len(name) + 1 < least.get(row, frame.cells) else short[row]
        for row, name in functions.items()
    }


def _functions(picture: Picture) -> dict[int, str]:
    """The functions that ran on threads and processes: the last part of each one's name, by its string's row."""
    jobs = picture.trace.jobs
    return {row: picture.trace.text(row).rpartition(".")[2] for row in dict.fromkeys(jobs.function)}


def _spaced(name: str) -> str:
    return f"{name} "


def _runs(cells: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Who was there and for how many cells, one after the other, without the empty cells at the end."""
    end = max((column + 1 for column, (_, who) in enumerate(cells) if who != NONE), default=0)
    return [(who, len(list(run))) for who, run in groupby(cells[:end], key=itemgetter(1))]


def curve_rows(frame: Frame, picture: Picture, left_out: frozenset[int]) -> list[Line]:
    """How many tasks were at it over time, and how many waited."""
    lines = [] if len(picture.trace.tasks) - len(left_out) < SEVERAL else [_in_flight(frame, picture, left_out)]
    waiting = picture.per_cell(picture.cells.total(State.WAIT))
    if any(waiting) and picture.peak_waiting:
        name = "waiting" if len("waiting") <= frame.name else "waits"
        lines.append(frame.curve(name, waiting, f"peak {count(picture.peak_waiting)}", STATE_STYLES[State.WAIT]))
    return [*lines, *length_rows(frame, picture)]


def _in_flight(frame: Frame, picture: Picture, left_out: frozenset[int]) -> Line:
    """Of one resource with several slots how many are taken; else how many tasks there are."""
    limits = picture.trace.resources.limit
    held = [resource for resource in set(picture.trace.holds.resource) if limits[resource] > 1]
    if len(held) == 1:
        return _slots_taken(frame, picture, held[0], limits[held[0]])
    flying = [max(0.0, value - len(left_out)) for value in picture.in_flight()]
    most = most_tasks(picture.trace, left_out) if picture.exact else max(0, picture.peak_tasks - len(left_out))
    return frame.curve("in flight", flying, f"peak {count(most)}", WORKING)


def length_rows(frame: Frame, picture: Picture) -> list[Line]:
    """How long each queue was: the greatest length within each cell, against its limit if it has one."""
    trace, rows = picture.trace, list[Line]()
    found = levels(trace, None if picture.exact else LIVE_BUDGET)
    for resource, (times, lengths) in list(found.items())[:MOST_QUEUES]:
        limit, most = trace.resources.limit[resource], max(lengths)
        values = [float(most) for most in _greatest(times, lengths, picture)]
        said = f"peak {count(most)}{f'/{count(limit)}' if limit > 0 else ''}"
        name = trace.text(trace.resources.name[resource])
        name = "queue" if len(name) > frame.name and len(found) == 1 else name
        rows.append(frame.curve(name, values, said, QUEUED, full=max(most, limit)))
    return rows


def _greatest(times: Sequence[int], lengths: Sequence[int], picture: Picture) -> Iterator[int]:
    """The greatest length within each cell that the run has reached; of very many changes within one the last ones."""
    length, row = 0, 0
    for column in range(min(picture.columns, -(-picture.now_ns // picture.cell_ns))):
        begin = column * picture.cell_ns
        last = column + 1 == picture.columns or begin + picture.cell_ns >= picture.now_ns
        upto = len(times) if last else bisect_left(times, begin + picture.cell_ns)
        if row < upto and times[row] <= begin:
            length = 0
        yield max(length, max(lengths[max(row, upto - MOST_CHANGES) : upto], default=0))
        if upto > row:
            length, row = lengths[upto - 1], upto


def _most_held(picture: Picture, resource: int) -> int:
    holds = picture.trace.holds
    rows = zip(holds.resource, holds.from_ns, holds.to_ns, strict=True)
    return peak((start, end) for held, start, end in rows if held == resource)


def _slots_taken(frame: Frame, picture: Picture, resource: int, limit: int) -> Line:
    labels = picture.places.seats[resource].labels if resource in picture.places.seats else None
    busy = labels.busy_ns if labels else picture.cells.total(State.HOLD)
    most = _most_held(picture, resource) if picture.exact else len(labels.rows) if labels else picture.peak_held
    return frame.curve("in flight", picture.per_cell(busy), f"peak {count(most)}/{count(limit)}", WORKING, full=limit)
