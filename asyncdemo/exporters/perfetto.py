"""Trace events for ui.perfetto.dev and chrome://tracing: tasks as tracks, waits, who woke whom, counters.

The format is Chrome's Trace Event Format in JSON; its times are microseconds, here with three decimals, so that no
nanosecond is lost. Within a track they ascend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from json import dumps
from typing import Any

from asyncdemo import timeline
from asyncdemo.events import OUTCOMES, canceller
from asyncdemo.exporters import Run
from asyncdemo.exporters._fields import head
from asyncdemo.timeline import State
from asyncdemo.trace import NONE, Outcome, Trace

EXTENSION = "perfetto.json"
TASKS, LOOPS, WORKERS, RESOURCES = 1, 2, 3, 4
"""What Chrome calls processes: groups of tracks."""
GROUPS = {TASKS: "tasks", LOOPS: "event loops", WORKERS: "threads and processes", RESOURCES: "locks and slots"}
AT_A_TIME = 1_000
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
    events = _Events(trace)
    between = "\n"
    lines = events.all(run)
    while some := list(islice(lines, AT_A_TIME)):
        yield between + ",\n".join(some)
        between = ",\n"
    yield "\n]}\n"


class _Events:
    """The events of a trace, each as a line of JSON."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        # Times before zero are none in this format: what happened before the first task moves the beginning.
        self._zero_ns = min(0, min(trace.tasks.created_ns, default=0))

    def all(self, run: Run) -> Iterator[str]:
        return chain(
            self._names(run),
            self._lives(),
            self._pieces(),
            self._wakes(),
            self._lines(),
            self._in_flight(),
            self._lateness(),
            self._lengths(),
            self._stalls(),
            self._jobs(),
            self._holds(),
        )

    def _us(self, t_ns: int) -> str:
        return f"{(t_ns - self._zero_ns) / 1000:.3f}"

    def _names(self, run: Run) -> Iterator[str]:
        trace = self._trace
        for group, name in GROUPS.items():
            title = f"{run.command}: {name}" if group == TASKS else name
            yield _meta("process_name", group, 0, name=title)
            yield _meta("process_sort_index", group, 0, sort_index=group)
        for task in range(len(trace.tasks)):
            track = f'{{"ph":"M","pid":{TASKS},"tid":{task + 1}'
            yield f'{track},"name":"thread_name","args":{{"name":{dumps(trace.task_name(task))}}}}}'
            yield f'{track},"name":"thread_sort_index","args":{{"sort_index":{task}}}}}'
        loops = zip(trace.loops.kind, trace.loops.thread, strict=True)
        for loop, (kind, thread) in enumerate(loops):
            yield _meta("thread_name", LOOPS, loop + 1, name=f"{trace.text(kind)} in {trace.text(thread)}")
        if len(trace.pauses):
            yield _meta("thread_name", LOOPS, len(trace.loops) + 1, name="garbage collector")
        for worker, text in enumerate(trace.workers.name):
            yield _meta("thread_name", WORKERS, worker + 1, name=trace.text(text))

    def _slice(self, group: int, track: int, start_ns: int, end_ns: int, name: str, cat: str, **args: Any) -> str:
        told = ",".join([f'"{key}":{_json(value)}' for key, value in args.items() if value not in {None, ""}])
        return (
            f'{{"ph":"X","pid":{group},"tid":{track},"ts":{self._us(start_ns)},"dur":{(end_ns - start_ns) / 1000:.3f}'
            f',"name":{dumps(name)},"cat":"{cat}","args":{{{told}}}}}'
        )

    def _lives(self) -> Iterator[str]:
        """A slice for each task's life, around all that it did."""
        trace, tasks = self._trace, self._trace.tasks
        for task in range(len(tasks)):
            cancelled = tasks.outcome[task] == Outcome.CANCELLED
            yield self._slice(
                *(TASKS, task + 1, tasks.created_ns[task], tasks.ended_ns[task], trace.task_name(task), "task"),
                coro=trace.text(tasks.coro[task]),
                parent=trace.task_name(tasks.parent[task]) if tasks.parent[task] != NONE else None,
                created_at=trace.site_text(tasks.site[task]),
                outcome=OUTCOMES[Outcome(tasks.outcome[task])],
                error=trace.text(tasks.error[task]),
                cancelled_by=canceller(trace, tasks.cancelled_by[task]) if cancelled else None,
                cancelled_at=trace.site_text(tasks.cancelled_at[task]) if cancelled else None,
            )

    def _pieces(self) -> Iterator[str]:
        """What each task did: it ran, was ready, or waited for something."""
        trace, zero_ns = self._trace, self._zero_ns
        states = timeline.wait_states(trace)
        about = [self._about_wait(row, states[row]) for row in range(len(trace.waits))]
        running, ready = _about("running", State.RUN), _about("ready", State.READY)
        gone = _about("not recorded", State.NONE)
        plain = {State.RUN: running, State.READY: ready}
        for task, start, end, state, wait in timeline.pieces(trace):
            told = about[wait] if wait != NONE else plain.get(state, gone)
            at_us, took_us = (start - zero_ns) / 1000, (end - start) / 1000
            yield f'{{"ph":"X","pid":1,"tid":{task + 1},"ts":{at_us:.3f},"dur":{took_us:.3f},{told}'

    def _about_wait(self, row: int, state: State) -> str:
        waits = self._trace.waits
        return _about(self._trace.text(waits.on[row]) or "wait", state, at=self._trace.site_text(waits.site[row]))

    def _wakes(self) -> Iterator[str]:
        """An arrow from who woke a task to the step that the task then ran."""
        steps, zero_ns = self._trace.steps, self._zero_ns
        columns = zip(steps.ready_ns, steps.start_ns, steps.task, steps.waker, strict=True)
        for row, (ready, start, task, waker) in enumerate(columns):
            if waker >= 0 and waker != task:
                told = f'"id":{row},"name":"wakes","cat":"wake"}}'
                leaves_us, arrives_us = (ready - zero_ns) / 1000, (start - zero_ns) / 1000
                yield f'{{"ph":"s","pid":1,"tid":{waker + 1},"ts":{leaves_us:.3f},{told}'
                yield f'{{"ph":"f","bp":"e","pid":1,"tid":{task + 1},"ts":{arrives_us:.3f},{told}'

    def _lines(self) -> Iterator[str]:
        lines, trace = self._trace.lines, self._trace
        for t_ns, task, text in zip(lines.t_ns, lines.task, lines.text, strict=True):
            track = f'"tid":{task + 1},"s":"t"' if task != NONE else '"tid":0,"s":"p"'
            yield (
                f'{{"ph":"i","pid":{TASKS},{track},"ts":{self._us(max(t_ns, self._zero_ns))}'
                f',"name":{dumps(trace.text(text))},"cat":"printed"}}'
            )

    def _in_flight(self) -> Iterator[str]:
        tasks = self._trace.tasks
        spans = zip(tasks.created_ns, tasks.ended_ns, strict=True)
        return self._counter(TASKS, "tasks in flight", timeline.changes(spans))

    def _lateness(self) -> Iterator[str]:
        """By how many milliseconds each step began after the task was ready, for each loop."""
        steps, loops, zero_ns = self._trace.steps, self._trace.tasks.loop, self._zero_ns
        for loop, kind in enumerate(self._trace.loops.kind):
            name = dumps(f"lateness in ms, {self._trace.text(kind)} {loop + 1}")
            for ready, start, task in zip(steps.ready_ns, steps.start_ns, steps.task, strict=True):
                if loops[task] == loop:
                    at_us, late_ms = (start - zero_ns) / 1000, (start - ready) / 1_000_000
                    value = f'"args":{{"value":{late_ms:.6f}}}}}'
                    yield f'{{"ph":"C","pid":2,"tid":0,"name":{name},"ts":{at_us:.3f},{value}'

    def _lengths(self) -> Iterator[str]:
        trace = self._trace
        for resource, (times, lengths) in timeline.levels(trace).items():
            name = f"{trace.text(trace.resources.name[resource])} length"
            yield from self._counter(RESOURCES, name, zip(times, lengths, strict=True))

    def _counter(self, group: int, name: str, values: Iterable[tuple[int, int]]) -> Iterator[str]:
        called = dumps(name)
        for t_ns, value in values:
            yield (
                f'{{"ph":"C","pid":{group},"tid":0,"name":{called},"ts":{self._us(t_ns)},"args":{{"value":{value}}}}}'
            )

    def _stalls(self) -> Iterator[str]:
        trace, stalls, pauses = self._trace, self._trace.stalls, self._trace.pauses
        for row in sorted(range(len(stalls)), key=lambda row: stalls.start_ns[row]):
            yield self._slice(
                *(LOOPS, stalls.loop[row] + 1, stalls.start_ns[row], stalls.end_ns[row], "loop blocked", "stall"),
                by=trace.task_name(stalls.task[row]) if stalls.task[row] != NONE else None,
                at=trace.site_text(stalls.site[row]),
                gc_ms=stalls.gc_ns[row] / 1e6 or None,
            )
        for start, end, generation in zip(pauses.start_ns, pauses.end_ns, pauses.generation, strict=True):
            track = len(trace.loops) + 1
            yield self._slice(LOOPS, track, start, end, "garbage collection", "gc", generation=generation)

    def _jobs(self) -> Iterator[str]:
        trace, jobs = self._trace, self._trace.jobs
        for worker in timeline.workers(trace):
            for start, end, job in worker.jobs:
                yield self._slice(
                    *(WORKERS, worker.worker + 1, start, end, trace.text(jobs.function[job]), "job"),
                    task=trace.task_name(jobs.task[job]) if jobs.task[job] != NONE else None,
                    outcome=OUTCOMES[Outcome(jobs.outcome[job])],
                )

    def _holds(self) -> Iterator[str]:
        """A track for each slot of a lock or semaphore, with who holds it."""
        trace, track = self._trace, 0
        for resource in sorted(set(trace.holds.resource)):
            used = timeline.occupancy(trace, resource, ())
            name = trace.text(trace.resources.name[resource])
            for number, slot in enumerate(used.slots, 1):
                track += 1
                title = f"{name}, slot {number}" if len(used.slots) > 1 else name
                yield _meta("thread_name", RESOURCES, track, name=title)
                for start, end, task in slot:
                    yield self._slice(RESOURCES, track, start, end, trace.task_name(task), "hold")


@lru_cache(4096)
def _json(value: str | float) -> str:
    """The lines of many tasks have the same words."""
    return dumps(value)


def _meta(what: str, group: int, track: int, **args: Any) -> str:
    return f'{{"ph":"M","pid":{group},"tid":{track},"name":"{what}","args":{dumps(args)}}}'


def _about(name: str, state: State, *, at: str = "") -> str:
    """The rest of the line of a slice that many share."""
    color = f'"cname":"{COLORS[state]}",' if state in COLORS else ""
    where = f'"args":{{"at":{dumps(at)}}},' if at else ""
    return f'{color}{where}"name":{dumps(name)},"cat":"{state.name.lower()}"}}'
