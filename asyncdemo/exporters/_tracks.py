"""Where trace viewers draw what: each process of a trace is one of their groups, and what it has are tracks of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from json import JSONEncoder

from asyncdemo.trace import NONE, Trace

encoded = JSONEncoder().encode
"""`dumps`, in a third of its time for a short text."""
OF_NONE = "process not known"
"""The group of what no task tells the process of, where there are several."""


class Owners:
    """Which process has what: rows of `Trace.processes`, `NONE` where nothing tells.

    Attributes:
        processes: those that ran a loop, in their order; at least one, which is `NONE` in a trace of format 1.
        loops: of each loop.
        tasks: of each task.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.processes = list(dict.fromkeys(trace.loops.process)) or [NONE]
        self.loops = list(trace.loops.process)
        self.tasks = [self._unknown if loop == NONE else self.loops[loop] for loop in trace.tasks.loop]

    @property
    def _unknown(self) -> int:
        """What is not told belongs to the only process, if there is only one."""
        return NONE if len(self.processes) > 1 else self.processes[0]

    def of_task(self, task: int) -> int:
        """The process of a task, or of what has none."""
        return self._unknown if task == NONE else self.tasks[task]

    def resources(self) -> list[int]:
        """Of each resource: that of who held or awaited it."""
        trace = self._trace
        waited = dict(zip(trace.steps.wait, trace.steps.task, strict=True)) if len(self.processes) > 1 else {}
        by = {trace.waits.resource[wait]: task for wait, task in waited.items() if wait != NONE}
        return self._each(len(trace.resources), by | dict(zip(trace.holds.resource, trace.holds.task, strict=True)))

    def workers(self) -> list[int]:
        """Of each worker: that of who sent it a job."""
        jobs = zip(self._trace.jobs.worker, self._trace.jobs.task, strict=True)
        return self._each(len(self._trace.workers), {worker: task for worker, task in jobs if task != NONE})

    def _each(self, number: int, tasks: dict[int, int]) -> list[int]:
        return [self.of_task(tasks.get(row, NONE)) for row in range(number)]


class Tracks:
    """Gives each track its place, `"pid":4711,"tid":4712` in an event, in the order in which viewers are to show them.

    Args:
        trace: the recording.
        owners: whose what is.
        command: what ran.
    """

    def __init__(self, trace: Trace, owners: Owners, command: str) -> None:
        names = [trace.text(trace.processes.name[each]) if each != NONE else "" for each in owners.processes]
        titles = [f"{command}: {name}" for name in names] if len(names) > 1 else [command]
        pids = _pids(trace, owners.processes)
        spare = max(pids) + 1
        self._titles = {NONE: OF_NONE, **dict(zip(owners.processes, titles, strict=True))}
        self._pids = {NONE: spare, **dict(zip(owners.processes, pids, strict=True))}
        # Tracks are numbered after all processes: one with the number of its process would be its main thread.
        self._last = spare
        self._used = dict.fromkeys(owners.processes)
        self._named: list[tuple[str, str]] = []

    def add(self, process: int, name: str) -> str:
        """A new track of a process, under those before it: its place."""
        self._last += 1
        self._used[process] = None
        place = f'"pid":{self._pids[process]},"tid":{self._last}'
        self._named.append((place, name))
        return place

    def of_process(self, process: int) -> str:
        """The place of what belongs to a whole process."""
        self._used[process] = None
        return f'"pid":{self._pids[process]},"tid":0'

    def events(self) -> Iterator[str]:
        """What names the processes and the tracks, and puts them in their order."""
        for number, process in enumerate(self._used):
            yield from _named("process", self.of_process(process), self._titles[process], number)
        for number, (place, name) in enumerate(self._named):
            yield from _named("thread", place, name, number)


def _pids(trace: Trace, processes: Iterable[int]) -> list[int]:
    """The numbers that the system gave the processes; where it gave one twice, numbers from 1 on."""
    pids = [trace.processes.pid[each] if each != NONE else 1 for each in processes]
    return pids if len(set(pids)) == len(pids) else list(range(1, len(pids) + 1))


def _named(what: str, place: str, name: str, number: int) -> Iterator[str]:
    yield f'{{"ph":"M",{place},"name":"{what}_name","args":{{"name":{encoded(name)}}}}}'
    yield f'{{"ph":"M",{place},"name":"{what}_sort_index","args":{{"sort_index":{number}}}}}'
