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
            self._steps(),
            self._lines(),
            self._in_flight(),
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

    def _slice(self, group: int, track: int, start_ns: int, end_ns: int, name: str, cat: str, told: str) -> str:
        return (
            f'{{"ph":"X","pid":{group},"tid":{track},"ts":{self._us(start_ns)},"dur":{(end_ns - start_ns) / 1000:.3f}'
            f',"name":{dumps(name)},"cat":"{cat}","args":{{{told}}}}}'
        )

    def _lives(self) -> Iterator[str]:
        """A slice for each task's life, around all that it did."""
        trace, tasks, fate = self._trace, self._trace.tasks, lru_cache(4096)(self._fate)
        columns = (tasks.coro, tasks.parent, tasks.site, tasks.outcome, tasks.error)
        for task, known in enumerate(zip(*columns, strict=True)):
            cancel = (tasks.cancelled_by[task], tasks.cancelled_at[task])
            told = fate(*known, *(cancel if tasks.outcome[task] == Outcome.CANCELLED else (NONE, NONE)))
            times = tasks.created_ns[task], tasks.ended_ns[task]
            yield self._slice(TASKS, task + 1, *times, trace.task_name(task), "task", told)

    def _fate(self, coro: int, parent: int, site: int, outcome: int, error: int, by: int, at: int) -> str:
        """What is told of a life, in the columns of `Trace.tasks`; many tasks share it."""
        trace, cancelled = self._trace, outcome == Outcome.CANCELLED
        return _told(
            coro=trace.text(coro),
            parent=trace.task_name(parent) if parent != NONE else None,
            created_at=trace.site_text(site),
            outcome=OUTCOMES[Outcome(outcome)],
            error=trace.text(error),
            cancelled_by=canceller(trace, by) if cancelled else None,
            cancelled_at=trace.site_text(at) if cancelled else None,
        )

    def _steps(self) -> Iterator[str]:
        """All that steps tell, in their order: what the task did until then, who woke it, and how late the loop was.

        Everything of a step is written at once, and each time turned into text once: there are millions of them.
        """
        steps, loops, zero_ns, dot = self._trace.steps, self._trace.tasks.loop, self._zero_ns, THOUSANDTHS
        reached = list(self._trace.tasks.created_ns)
        reached_us = [self._us(t_ns) for t_ns in reached]
        waits, ready_, running = self._abouts(), _about("ready", State.READY), _about("running", State.RUN)
        late = [f'{{"ph":"C","pid":{LOOPS},"tid":0,"name":{dumps(name)},"ts":' for name in self._lateness()]
        columns = zip(steps.ready_ns, steps.start_ns, steps.end_ns, steps.task, steps.wait, steps.waker, strict=True)
        for row, (ready, start, end, task, wait, waker) in enumerate(columns):
            since, since_us, track = reached[task], reached_us[task], task + 1
            t, u, v = ready - zero_ns, start - zero_ns, end - zero_ns
            ready_us, start_us = f"{t // 1000}{dot[t % 1000]}", f"{u // 1000}{dot[u % 1000]}"
            x = start - ready
            late_us = f"{x // 1000}{dot[x % 1000]}" if x else "0"
            slice_ = f'{{"ph":"X","pid":1,"tid":{track},"ts":'
            if ready > since:
                x = ready - since
                yield f'{slice_}{since_us},"dur":{x // 1000}{dot[x % 1000]},{waits[wait]}'
                since, since_us = ready, ready_us
            if start > since:
                x = start - since
                yield f'{slice_}{since_us},"dur":{x // 1000}{dot[x % 1000]},{ready_}'
                since, since_us = start, start_us
            if end > since:
                x = end - since
                yield f'{slice_}{since_us},"dur":{x // 1000}{dot[x % 1000]},{running}'
                since, since_us = end, f"{v // 1000}{dot[v % 1000]}"
            reached[task], reached_us[task] = since, since_us
            if waker >= 0 and waker != task:
                yield (
                    f'{{"ph":"s","pid":1,"tid":{waker + 1},"ts":{ready_us},"id":{row},"name":"wakes","cat":"wake"}},\n'
                    f'{{"ph":"f","bp":"e","pid":1,"tid":{track},"ts":{start_us},"id":{row},"name":"wakes","cat":"wake"}}'
                )
            yield f'{late[loops[task]]}{start_us},"args":{{"value":{late_us}}}}}'
        yield from self._endings(reached)

    def _endings(self, reached: list[int]) -> Iterator[str]:
        """What is left of the tasks' lives after their last steps."""
        trace, states, waits = self._trace, timeline.wait_states(self._trace), self._abouts()
        for task, since in enumerate(reached):
            for _, start, end, state, wait in timeline.ending(trace, states, task, since):
                told = waits[wait] if wait != NONE else _about(NAMES[state], state)
                took = f"{(end - start) / 1000:.3f}"
                yield f'{{"ph":"X","pid":{TASKS},"tid":{task + 1},"ts":{self._us(start)},"dur":{took},{told}'

    def _lateness(self) -> list[str]:
        """For each loop the name of the counter of how late it came to its steps."""
        kinds = map(self._trace.text, self._trace.loops.kind)
        return [f"lateness in us, {kind} {number}" for number, kind in enumerate(kinds, 1)]

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
                _told(
                    by=trace.task_name(stalls.task[row]) if stalls.task[row] != NONE else None,
                    at=trace.site_text(stalls.site[row]),
                    gc_ms=stalls.gc_ns[row] / 1e6 or None,
                ),
            )
        for start, end, generation in zip(pauses.start_ns, pauses.end_ns, pauses.generation, strict=True):
            track = len(trace.loops) + 1
            yield self._slice(LOOPS, track, start, end, "garbage collection", "gc", _told(generation=generation))

    def _jobs(self) -> Iterator[str]:
        trace, jobs = self._trace, self._trace.jobs
        for worker in timeline.workers(trace):
            for start, end, job in worker.jobs:
                yield self._slice(
                    *(WORKERS, worker.worker + 1, start, end, trace.text(jobs.function[job]), "job"),
                    _told(
                        task=trace.task_name(jobs.task[job]) if jobs.task[job] != NONE else None,
                        outcome=OUTCOMES[Outcome(jobs.outcome[job])],
                    ),
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
                    yield self._slice(RESOURCES, track, start, end, trace.task_name(task), "hold", "")


def _told(**args: Any) -> str:
    """What is shown of a slice that was chosen: names and values, where there are any."""
    return ",".join([f'"{key}":{dumps(value)}' for key, value in args.items() if value not in {None, ""}])


def _meta(what: str, group: int, track: int, **args: Any) -> str:
    return f'{{"ph":"M","pid":{group},"tid":{track},"name":"{what}","args":{dumps(args)}}}'


def _about(name: str, state: State, *, at: str = "") -> str:
    """The rest of the line of a slice that many share."""
    color = f'"cname":"{COLORS[state]}",' if state in COLORS else ""
    where = f'"args":{{"at":{dumps(at)}}},' if at else ""
    return f'{color}{where}"name":{dumps(name)},"cat":"{state.name.lower()}"}}'
