"""Recording small programs, and reading the trace in words."""

from __future__ import annotations

import asyncio
import linecache
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, NamedTuple

from asyncdemo.recorder import RealClock, Recorder, VirtualClock
from asyncdemo.trace import NONE, Actor, Outcome, Trace, Wait

TICK = 0.02
"""Seconds: longer than what is too brief to be looked at, short enough to wait for in real time."""
LOOPS = ("virtual", "uvloop")
REAL_LOOPS = ("asyncio", "uvloop")


class Waited(NamedTuple):
    """A wait between two steps: its kind, on what, where, and who ended it."""

    kind: Wait
    on: str
    source: str
    waker: str


class Hold(NamedTuple):
    """A task's hold of a resource; times in milliseconds."""

    resource: str
    task: str
    asked: float
    start: float
    end: float


@dataclass
class Recording:
    """A trace in words, and what the program did."""

    trace: Trace
    result: Any = None
    error: BaseException | None = None

    @property
    def names(self) -> list[str]:
        """The tasks by name, in order of creation."""
        return [self.trace.task_name(row) for row in range(len(self.trace.tasks))]

    def row(self, name: str) -> int:
        """The only task of this name."""
        assert self.names.count(name) == 1, self.names
        return self.names.index(name)

    def task(self, name: str, column: str) -> int:
        """A task's value in a column of the table of tasks."""
        value: int = getattr(self.trace.tasks, column)[self.row(name)]
        return value

    def parent(self, name: str) -> str:
        """The name of a task's parent, or ""."""
        parent = self.task(name, "parent")
        return "" if parent == NONE else self.trace.task_name(parent)

    def outcome(self, name: str) -> Outcome:
        """How a task ended."""
        return Outcome(self.task(name, "outcome"))

    def created_at(self, name: str) -> str:
        """The source line that created a task."""
        return self.source(self.task(name, "site"))

    def cancelled(self, name: str) -> tuple[str, str]:
        """Who cancelled a task, and the source line."""
        return self.actor(self.task(name, "cancelled_by")), self.source(self.task(name, "cancelled_at"))

    def actor(self, actor: int) -> str:
        """A task's name, or the actor in lower case."""
        return self.trace.task_name(actor) if actor >= 0 else Actor(actor).name.lower()

    def source(self, site: int) -> str:
        """The source line at a site, or ""."""
        if site == NONE:
            return ""
        sites = self.trace.sites
        return linecache.getline(self.trace.strings[sites.file[site]], sites.line[site]).strip()

    def steps(self, name: str) -> list[int]:
        """The rows of a task's steps."""
        row = self.row(name)
        return [step for step, task in enumerate(self.trace.steps.task) if task == row]

    def waits(self, name: str) -> list[Waited]:
        """What a task waited for, between its steps."""
        return [self._waited(step) for step in self.steps(name) if self.trace.steps.wait[step] != NONE]

    def _waited(self, step: int) -> Waited:
        steps, waits = self.trace.steps, self.trace.waits
        wait = steps.wait[step]
        on, source = self.trace.text(waits.on[wait]), self.source(waits.site[wait])
        return Waited(Wait(waits.kind[wait]), on, source, self.actor(steps.waker[step]))

    def waits_for(self, name: str) -> str:
        """On what a pending task waits."""
        wait = self.task(name, "waiting")
        return "" if wait == NONE else self.trace.text(self.trace.waits.on[wait])

    def awaited(self, name: str) -> list[str]:
        """The tasks that a task is known to have awaited, one by one."""
        steps, waits = self.trace.steps, self.trace.waits
        rows = [waits.task[steps.wait[step]] for step in self.steps(name) if steps.wait[step] != NONE]
        return [self.trace.task_name(row) for row in rows if row != NONE]

    def runs(self) -> list[tuple[float, str]]:
        """All steps: when they began, in milliseconds, and whose they were."""
        steps = self.trace.steps
        return [(steps.start_ns[row] / 1e6, self.trace.task_name(steps.task[row])) for row in range(len(steps))]

    def holds(self) -> list[Hold]:
        """All holds."""
        holds, resources = self.trace.holds, self.trace.resources
        return [
            Hold(
                self.trace.text(resources.name[holds.resource[row]]),
                self.trace.task_name(holds.task[row]),
                holds.asked_ns[row] / 1e6,
                holds.from_ns[row] / 1e6,
                holds.to_ns[row] / 1e6,
            )
            for row in range(len(holds))
        ]

    def resources(self) -> list[tuple[str, int]]:
        """The names and limits of the resources."""
        table = self.trace.resources
        return [(self.trace.text(name), limit) for name, limit in zip(table.name, table.limit, strict=True)]

    def lines(self) -> list[tuple[str, str, int]]:
        """The printed lines: who, what, and on which stream."""
        table = self.trace.lines
        return [
            (
                self.trace.text(table.origin[row])
                if table.task[row] == NONE
                else self.trace.task_name(table.task[row]),
                self.trace.text(table.text[row]),
                table.stream[row],
            )
            for row in range(len(table))
        ]


def new_loop(kind: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """A factory of loops in real time."""
    return lambda: RealClock().new_event_loop(kind)


def record(
    main: Callable[[], Coroutine[Any, Any, Any]], loop: str = "virtual", *, debug: bool | None = None, **options: Any
) -> Recording:
    """Runs `main` on a loop in virtual time, or of this kind in real time, and gives its recording."""
    clock = VirtualClock() if loop == "virtual" else RealClock()
    factory = clock.new_event_loop if loop == "virtual" else new_loop(loop)
    result, error = None, None
    recorder = Recorder(clock=clock, **options)
    with clock.installed(), recorder:
        try:
            with asyncio.Runner(loop_factory=factory, debug=debug) as runner:
                result = runner.run(main())
        except Exception as raised:  # noqa: BLE001
            error = raised
    assert recorder.fault is None, recorder.fault
    return Recording(recorder.stop(), result, error)


def record_call(program: Callable[[], Any]) -> Recording:
    """Records a program in real time that starts its loops by itself."""
    with Recorder() as recorder:
        result = program()
    assert recorder.fault is None, recorder.fault
    return Recording(recorder.stop(), result)


def named(name: str) -> None:
    """Names the running task."""
    task = asyncio.current_task()
    assert task is not None
    task.set_name(name)
