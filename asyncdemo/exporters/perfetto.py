"""Trace events for ui.perfetto.dev and chrome://tracing: tasks as tracks, waits, who woke whom, counters.

The format is Chrome's Trace Event Format in JSON; its times are microseconds, here with three decimals, so that no
nanosecond is lost. Within a track they ascend.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from json import dumps
from typing import Any

from asyncdemo import timeline
from asyncdemo.events import OUTCOMES
from asyncdemo.exporters import Run
from asyncdemo.exporters._fields import head
from asyncdemo.exporters._tracks import Owners, Tracks, encoded
from asyncdemo.timeline import Span, State, seated
from asyncdemo.trace import NONE, Outcome, Trace
from asyncdemo.views.names import LaneNames, loop_name

EXTENSION = "perfetto.json"
AT_A_TIME = 1_000
THOUSANDTHS = [f".{number:03}" for number in range(1000)]
"""A third of the time that formatting a float takes."""
NAMES = {State.RUN: "running", State.READY: "ready", State.NONE: "not recorded"}
"""Slices of tasks that wait for nothing."""
COLORS = {
    State.RUN: "thread_state_running",
    State.READY: "thread_state_runnable",
    State.SLEEP: "thread_state_sleeping",
    State.WAIT: "thread_state_iowait",
    State.TASKS: "thread_state_unknown",
}
"""Names that chrome://tracing has colours for."""


def export(trace: Trace, run: Run) -> Iterator[str]:
    """The whole as one JSON object, an event a line."""
    about = dumps({**head(run), "lost": dict(trace.lost), "warnings": list(run.warnings)}, default=repr)
    yield f'{{"displayTimeUnit": "ms", "otherData": {about}, "traceEvents": ['
    between = "\n"
    for block in _Events(trace, run).blocks():
        yield between
        yield block
        between = ",\n"
    yield "\n]}\n"


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    while some := list(islice(lines, AT_A_TIME)):
        yield ",\n".join(some)


class _Events:
    """The events of a trace, each as a line of JSON."""

    def __init__(self, trace: Trace, run: Run) -> None:
        self._trace = trace
        # Times before zero are none in this format: what happened before the first task moves the beginning.
        self._zero_ns = min(0, min(trace.tasks.created_ns, default=0))
        self._owners = owners = Owners(trace)
        self._tracks = tracks = Tracks(trace, owners, run.command)
        # In the order in which viewers are to show them: of the tasks there may be many.
        self._kinds = list(map(trace.text, trace.loops.kind))
        loops = zip(owners.loops, self._kinds, trace.loops.thread, strict=True)
        self._loops = [tracks.add(of, f"{kind} in {trace.text(thread)}") for of, kind, thread in loops]
        paused = dict.fromkeys(map(owners.of_task, trace.pauses.task))
        self._collectors = {process: tracks.add(process, "garbage collector") for process in paused}
        workers = zip(owners.workers(), trace.workers.name, strict=True)
        self._workers = [tracks.add(process, trace.text(name)) for process, name in workers]
        self._resources = owners.resources()
        slots = _slots(trace)
        self._slots = [(tracks.add(self._resources[of], title), slot) for of, title, slot in slots]
        self._lanes = LaneNames(trace)
        self._names = list(map(self._lanes.__getitem__, range(len(trace.tasks))))
        self._tasks = list(map(tracks.add, owners.tasks, self._names))

    def blocks(self) -> Iterator[str]:
        """The lines, many of them at a time, with commas between them."""
        others = (self._lines, self._in_flight, self._lengths, self._stalls, self._jobs, self._holds)
        yield from _blocks(self._lives())
        yield from self._steps()
        yield from _blocks(chain.from_iterable(lines() for lines in (*others, self._tracks.events)))

    def _us(self, t_ns: int) -> str:
        return f"{(t_ns - self._zero_ns) / 1000:.3f}"

    def _slice(self, place: str, start_ns: int, end_ns: int, name: str, cat: str, told: str) -> str:
        return (
            f'{{"ph":"X",{place},"ts":{self._us(start_ns)},"dur":{(end_ns - start_ns) / 1000:.3f}'
            f',"name":{encoded(name)},"cat":"{cat}","args":{{{told}}}}}'
        )

    def _lives(self) -> Iterator[str]:
        """A slice for each task's life, around all that it did."""
        tasks, names, fate = self._trace.tasks, self._names, lru_cache(4096)(self._fate)
        columns = (tasks.created_ns, tasks.ended_ns, tasks.coro, tasks.parent, tasks.site, tasks.outcome, tasks.error)
        for task, (created, ended, *known) in enumerate(zip(*columns, strict=True)):
            cancelled = tasks.outcome[task] == Outcome.CANCELLED
            told = fate(*known, *((tasks.cancelled_by[task], tasks.cancelled_at[task]) if cancelled else (NONE, NONE)))
            yield self._slice(self._tasks[task], created, ended, names[task], "task", told)

    def _fate(self, coro: int, parent: int, site: int, outcome: int, error: int, by: int, at: int) -> str:
        """What is told of a life, in the columns of `Trace.tasks`; many tasks share it."""
        trace, cancelled = self._trace, outcome == Outcome.CANCELLED
        return _told(
            coro=trace.text(coro),
            parent=self._names[parent] if parent != NONE else None,
            created_at=trace.site_text(site),
            outcome=OUTCOMES[Outcome(outcome)],
            error=trace.text(error),
            cancelled_by=self._lanes.canceller(by) if cancelled else None,
            cancelled_at=trace.site_text(at) if cancelled else None,
        )

    def _steps(self) -> Iterator[str]:
        """All that steps tell, in their order: what the task did until then, who woke it, and how late the loop was.

        Everything of a step is written at once, and each time turned into text once: there are millions of them.
        """
        steps, zero_ns, dot, tasks = self._trace.steps, self._zero_ns, THOUSANDTHS, self._tasks
        reached = list(self._trace.tasks.created_ns)
        reached_us = [self._us(t_ns) for t_ns in reached]
        waits, ready_, running = self._abouts(), _about("ready", State.READY), _about("running", State.RUN)
        late, lines = self._lateness(), list[str]()
        columns = zip(steps.ready_ns, steps.start_ns, steps.end_ns, steps.task, steps.wait, steps.waker, strict=True)
        for row, (ready, start, end, task, wait, waker) in enumerate(columns):
            since, since_us, place = reached[task], reached_us[task], tasks[task]
            t, u, x = ready - zero_ns, start - zero_ns, start - ready
            ready_us, start_us = f"{t // 1000}{dot[t % 1000]}", f"{u // 1000}{dot[u % 1000]}"
            late_us = f"{x // 1000}{dot[x % 1000]}"
            if ready > since:
                x = ready - since
                lines.append(f'{{"ph":"X",{place},"ts":{since_us},"dur":{x // 1000}{dot[x % 1000]},{waits[wait]}')
                since, since_us = ready, ready_us
            if start > since:
                took_us = late_us if since == ready else f"{(start - since) / 1000:.3f}"
                lines.append(f'{{"ph":"X",{place},"ts":{since_us},"dur":{took_us},{ready_}')
                since, since_us = start, start_us
            if end > since:
                v, x = end - zero_ns, end - since
                lines.append(f'{{"ph":"X",{place},"ts":{since_us},"dur":{x // 1000}{dot[x % 1000]},{running}')
                since, since_us = end, f"{v // 1000}{dot[v % 1000]}"
            reached[task], reached_us[task] = since, since_us
            if waker >= 0 and waker != task:
                lines.append(
                    f'{{"ph":"s",{tasks[waker]},"ts":{ready_us},"id":{row},"name":"wakes","cat":"wake"}},\n'
                    f'{{"ph":"f","bp":"e",{place},"ts":{start_us},"id":{row},"name":"wakes","cat":"wake"}}'
                )
            lines.append(f'{late[task]}{start_us},"args":{{"value":{late_us}}}}}')
            if len(lines) >= AT_A_TIME:
                yield ",\n".join(lines)
                lines.clear()
        yield from _blocks(chain(lines, self._endings(reached)))

    def _endings(self, reached: list[int]) -> Iterator[str]:
        """What is left of the tasks' lives after their last steps."""
        trace, states, waits = self._trace, timeline.wait_states(self._trace), self._abouts()
        for task, since in enumerate(reached):
            for _, start, end, state, wait in timeline.ending(trace, states, task, since):
                told = waits[wait] if wait != NONE else _about(NAMES[state], state)
                took = f"{(end - start) / 1000:.3f}"
                yield f'{{"ph":"X",{self._tasks[task]},"ts":{self._us(start)},"dur":{took},{told}'

    def _lateness(self) -> list[str]:
        """For each task the beginning of the counter of how late its loop came to its steps."""
        counters = [
            f'{{"ph":"C",{self._tracks.of_process(process)},"name":"lateness in us, {loop_name(kind)} {number}","ts":'
            for number, (process, kind) in enumerate(zip(self._owners.loops, self._kinds, strict=True), 1)
        ]
        return list(map(counters.__getitem__, self._trace.tasks.loop))

    def _abouts(self) -> list[str]:
        """What is written of each row of waits; the last one stands for `NONE`: it had not run yet."""
        states = timeline.wait_states(self._trace)
        told = [self._about_wait(row, states[row]) for row in range(len(self._trace.waits))]
        return [*told, _about("ready", State.READY)]

    def _about_wait(self, row: int, state: State) -> str:
        waits = self._trace.waits
        return _about(self._trace.text(waits.on[row]) or "wait", state, at=self._trace.site_text(waits.site[row]))

    def _lines(self) -> Iterator[str]:
        lines, trace = self._trace.lines, self._trace
        # What no task printed stands over all processes.
        nowhere = f'{self._tracks.of_process(self._owners.processes[0])},"s":"g"'
        for t_ns, task, text in zip(lines.t_ns, lines.task, lines.text, strict=True):
            place = f'{self._tasks[task]},"s":"t"' if task != NONE else nowhere
            yield (
                f'{{"ph":"i",{place},"ts":{self._us(max(t_ns, self._zero_ns))}'
                f',"name":{encoded(trace.text(text))},"cat":"printed"}}'
            )

    def _in_flight(self) -> Iterator[str]:
        """How many tasks each process had."""
        spans, tasks = defaultdict[int, list[tuple[int, int]]](list), self._trace.tasks
        for process, start, end in zip(self._owners.tasks, tasks.created_ns, tasks.ended_ns, strict=True):
            spans[process].append((start, end))
        for process, theirs in spans.items():
            yield from self._counter(process, "tasks in flight", timeline.changes(theirs))

    def _lengths(self) -> Iterator[str]:
        trace = self._trace
        for resource, (times, lengths) in timeline.levels(trace).items():
            name = f"{trace.text(trace.resources.name[resource])} length"
            yield from self._counter(self._resources[resource], name, zip(times, lengths, strict=True))

    def _counter(self, process: int, name: str, values: Iterable[tuple[int, int]]) -> Iterator[str]:
        beginning = f'{{"ph":"C",{self._tracks.of_process(process)},"name":{encoded(name)},"ts":'
        for t_ns, value in values:
            yield f'{beginning}{self._us(t_ns)},"args":{{"value":{value}}}}}'

    def _stalls(self) -> Iterator[str]:
        trace, stalls, pauses = self._trace, self._trace.stalls, self._trace.pauses
        for row in sorted(range(len(stalls)), key=lambda row: stalls.start_ns[row]):
            yield self._slice(
                *(self._loops[stalls.loop[row]], stalls.start_ns[row], stalls.end_ns[row], "loop blocked", "stall"),
                _told(
                    by=self._names[stalls.task[row]] if stalls.task[row] != NONE else None,
                    at=trace.site_text(stalls.site[row]),
                    gc_ms=stalls.gc_ns[row] / 1e6 or None,
                ),
            )
        columns = zip(pauses.task, pauses.start_ns, pauses.end_ns, pauses.generation, strict=True)
        for task, start, end, generation in columns:
            track = self._collectors[self._owners.of_task(task)]
            yield self._slice(track, start, end, "garbage collection", "gc", _told(generation=generation))

    def _jobs(self) -> Iterator[str]:
        trace, jobs = self._trace, self._trace.jobs
        for worker in timeline.workers(trace):
            for start, end, job in worker.jobs:
                yield self._slice(
                    *(self._workers[worker.worker], start, end, trace.text(jobs.function[job]), "job"),
                    _told(
                        task=self._names[jobs.task[job]] if jobs.task[job] != NONE else None,
                        outcome=OUTCOMES[Outcome(jobs.outcome[job])],
                    ),
                )

    def _holds(self) -> Iterator[str]:
        for track, slot in self._slots:
            for start, end, task in slot:
                yield self._slice(track, start, end, self._names[task], "hold", "")


def _slots(trace: Trace) -> Iterator[tuple[int, str, Sequence[Span]]]:
    """For each slot of a lock or semaphore that was held: the resource, a title, and who held it when."""
    held, holds = defaultdict[int, list[Span]](list), trace.holds
    for resource, *span in zip(holds.resource, holds.from_ns, holds.to_ns, holds.task, strict=True):
        held[resource].append(Span(*span))
    for resource, spans in sorted(held.items()):
        slots, name = seated(spans), trace.text(trace.resources.name[resource])
        for number, slot in enumerate(slots, 1):
            yield resource, f"{name}, slot {number}" if len(slots) > 1 else name, slot


def _told(**args: Any) -> str:
    """What is shown of a slice that was chosen: names and values, where there are any."""
    return ",".join([f'"{key}":{encoded(value)}' for key, value in args.items() if value not in {None, ""}])


def _about(name: str, state: State, *, at: str = "") -> str:
    """The rest of the line of a slice that many share."""
    color = f'"cname":"{COLORS[state]}",' if state in COLORS else ""
    where = f'"args":{{"at":{encoded(at)}}},' if at else ""
    return f'{color}{where}"name":{encoded(name)},"cat":"{state.name.lower()}"}}'
