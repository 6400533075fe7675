"""Names: of tasks, as long as a lane has room for or as short as a cell of a slot; of processes, loops and threads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import compress
from weakref import ref

from asyncdemo.events import canceller
from asyncdemo.trace import NONE, Trace, Wait

MOST_NAMED = 200
"""With more tasks than this a task's name is its own or its coroutine's, whatever the others are called."""
PYTHONS_OWN = re.compile(r"thread (Thread-\d+)(?: \(.*\))?")
"""The origin that a thread has whose name is Python's own, such as `Thread-1 (fetch)`."""
NUMBERED = re.compile(r"(.*?)[-_ .#]*(\d*)$", re.DOTALL)


def lane_names(trace: Trace, tasks: Iterable[int]) -> Mapping[int, str]:
    """A name for each task: its own, or its coroutine's where asyncio only numbered it."""
    tasks, known = tasks if isinstance(tasks, range) else tuple(tasks), _last.of(trace)
    if tasks not in known:
        known[tasks] = _lane_names(trace, tasks)
    return known[tasks]


class _Last:
    """The names that were worked out for one trace: a frame asks for the same ones several times."""

    def __init__(self) -> None:
        self._known: tuple[Callable[[], Trace | None], dict[Sequence[int], dict[int, str]]] = (lambda: None), {}

    def of(self, trace: Trace) -> dict[Sequence[int], dict[int, str]]:
        """Those of this trace, by tasks; the ones of the trace before are forgotten."""
        known = self._known
        if known[0]() is not trace:
            known = self._known = ref(trace), {}
        return known[1]


_last = _Last()


def _lane_names(trace: Trace, tasks: Sequence[int]) -> dict[int, str]:
    own, coros = trace.tasks.name, trace.tasks.coro
    known = tuple([(trace.task_name(task), coros[task] if own[task] < 0 else NONE) for task in tasks])
    called = {coro: trace.text(coro) for _, coro in known}
    return dict(zip(tasks, _told_apart(known, tuple(called.items())), strict=True))


@lru_cache(8)
def _told_apart(known: tuple[tuple[str, int], ...], called: tuple[tuple[int, str], ...]) -> list[str]:
    """The names of lanes, of tasks by name and coroutine; most often the next frame has the same ones."""
    short = {coro: text.rpartition(".")[2] for coro, text in called}
    often = Counter(short[coro] for _, coro in known if coro != NONE)
    return [_lane_name(name, short[coro], often) for name, coro in known]


class LaneNames:
    """The names of lanes in a recording of any size, of which only those are worked out that are asked for."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._coros = {coro: _short(trace, coro) for coro in set(trace.tasks.coro)}
        numbered = compress(trace.tasks.coro, map((0).__gt__, trace.tasks.name))
        self._often = Counter[str]()
        for coro, times in Counter(numbered).items():
            self._often[self._coros[coro]] += times

    def __getitem__(self, task: int) -> str:
        """The name of a task's lane."""
        tasks = self._trace.tasks
        coro = self._coros[tasks.coro[task]] if tasks.name[task] < 0 else ""
        return _lane_name(self._trace.task_name(task), coro, self._often)

    def canceller(self, actor: int) -> str | None:
        """Who cancelled: the name of a task's lane or the `Actor` in lower case, None when that is not known."""
        return self[actor] if actor >= 0 else canceller(self._trace, actor)

    @property
    def longest(self) -> int:
        """About how many characters the longest one has."""
        named = max((len(self._trace.strings[name]) for name in set(self._trace.tasks.name) if name >= 0), default=0)
        numbers = len(f"-{len(self._trace.tasks)}")
        return max([named, *(len(coro) + (times > 1) * numbers for coro, times in self._often.items())])


def _short(trace: Trace, coro: int) -> str:
    """A coroutine's name without the class or the function that it is in."""
    return trace.text(coro).rpartition(".")[2]


def name_of(trace: Trace, task: int) -> str:
    """A task's name in a sentence: that of its lane, unless there are more tasks than lanes."""
    named = range(len(trace.tasks)) if len(trace.tasks) <= MOST_NAMED else [task]
    return lane_names(trace, named)[task]


def _lane_name(name: str, coro: str, often: Counter[str]) -> str:
    if not coro:
        return name
    return coro if often[coro] == 1 else f"{coro}-{name.rpartition('-')[2]}"


def process_titles(trace: Trace, tasks: Sequence[int]) -> dict[int, str]:
    """By the first task of each process what to call that, where `tasks` are of several ones."""
    if len(trace.processes) <= 1:
        return {}
    first = {process: task for task in reversed(tasks) if (process := trace.process_of(task)) != NONE}
    if len(first) <= 1:
        return {}
    names, pids = trace.processes.name, trace.processes.pid
    return {task: f"{trace.text(names[process])} {pids[process]}" for process, task in first.items()}


def loop_name(kind: str) -> str:
    """`asyncio`, `uvloop` or `trio`, out of the loop's module and class."""
    return next((known for known in ("uvloop", "trio") if kind.startswith(known)), "asyncio")


def worker_names(trace: Trace) -> list[str]:
    """`thread 1`, `thread 2`, `process 1`: a short name for each worker."""
    numbers: Counter[str] = Counter()
    names = []
    for kind in trace.workers.kind:
        word = Wait(kind).name.lower()
        numbers[word] += 1
        names.append(f"{word} {numbers[word]}")
    return names


def origin_name(trace: Trace, origin: str) -> str:
    """Who printed when it was no task: a worker by its short name, a thread that Python numbered by its number."""
    known = map(trace.text, trace.workers.name)
    short = dict(zip(known, worker_names(trace), strict=True))
    if default := PYTHONS_OWN.fullmatch(origin):
        return default[1]
    return short.get(origin.removeprefix("thread "), short.get(origin, origin.removeprefix("child ")))


def tags(names: Mapping[int, str]) -> dict[int, str]:
    """What tells the tasks apart, as short as it gets: `7` for job-07, `p1` and `c1` for producer-1 and consumer-1."""
    parts = {task: _split(name) for task, name in names.items()}
    stems = sorted({stem for stem, _ in parts.values()})
    short = {stem: _beginning(stem, stems) if len(stems) > 1 else "" for stem in stems}
    return {task: (short[stem] + number) or names[task] for task, (stem, number) in parts.items()}


def _split(name: str) -> tuple[str, str]:
    """A name's words and the number at its end, without leading zeros."""
    match = NUMBERED.match(name)
    stem, number = match.groups() if match else (name, "")
    return stem, str(int(number)) if number else ""


def _beginning(stem: str, stems: Sequence[str]) -> str:
    """The shortest beginning that no other stem has."""
    others = [other for other in stems if other != stem]
    for length in range(1, len(stem)):
        if not any(other.startswith(stem[:length]) for other in others):
            return stem[:length]
    return stem
