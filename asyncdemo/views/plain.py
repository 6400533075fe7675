"""The plain view: what happens as lines, for wherever there is no terminal.

+0.042s job-03  acquired Semaphore after 42 ms
+0.042s job-03  | what job-03 printed

Only what a reader would ask about is told: what the program prints, who got what after how long, what was waited for,
who blocked the loop, how each task ended. Beginnings, sleeps, releases and the tasks that libraries have for themselves
show in what follows or are counted there; ndjson has them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from asyncdemo.events import Event, Kind
from asyncdemo.follow import Follower, Recording
from asyncdemo.quantities import format_duration
from asyncdemo.timeline.libraries import libraries_tasks
from asyncdemo.trace import NONE, Trace
from asyncdemo.views.names import lane_names

MOST_TASKS = 100
MOST_IN_ALL = 1000
"""With more tasks, libraries' own among them, finding out whose they are takes too long to be done while they run."""
_WIDEST_NAME = 20
_LATE_NS = 10_000_000
"""From here on it is told that a task was ready and the loop had no time for it."""
_UNTOLD = (Kind.STARTED, Kind.RELEASED)
ACTORS = {"timer": "a timer", "signal": "a signal handler", "program": "the program", "callback": "a callback"}
"""Who cancels when it is no task."""


class PlainView(Follower):
    """Writes what happens as it happens: up to 100 tasks, beyond that what the program prints alone.

    The recorder must hold back what the program prints, since it is written here, with its task's name.

    Args:
        recording: the recorder to look at.
        write: takes text, whole lines.
        interval_s: seconds between two looks, above 0.
    """

    def __init__(self, recording: Recording, write: Callable[[str], object], interval_s: float = 0.1) -> None:
        super().__init__(recording, Listing(write).add, interval_s)


class Listing:
    """Writes events as lines, until there are more tasks than one would read about."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._width = 6
        self._lists = True

    def add(self, events: Iterable[Event], trace: Trace) -> None:
        """Write the events of `trace`, in their order."""
        libraries = libraries_tasks(trace) if self._lists and len(trace.tasks) <= MOST_IN_ALL else {}
        if self._lists and len(trace.tasks) - len(libraries) > MOST_TASKS:
            self._lists = False
            self._write(f"More than {MOST_TASKS} tasks: only what they print is listed, the summary follows.\n")
        names = lane_names(trace, range(len(trace.tasks))) if self._lists else {}
        told = Names(trace, names)
        lines = [self._line(event, told) for event in events if self._wanted(event, trace, libraries)]
        if lines:
            self._write("".join(lines))

    def _wanted(self, event: Event, trace: Trace, libraries: Collection[int]) -> bool:
        if event.kind is Kind.PRINTED:
            return True
        if not self._lists or event.kind in _UNTOLD or event.task in libraries:
            return False
        if event.kind is Kind.CREATED:
            return _is_grandchild(event, trace)
        return event.kind is not Kind.WAITED or _tells_something(event, trace)

    def _line(self, event: Event, names: Names) -> str:
        name = names.who(event)
        self._width = max(self._width, min(len(name), _WIDEST_NAME))
        return f"{event.t_ns / 1e9:+.3f}s {name:<{self._width}}  {_SENTENCES[event.kind](event, event.about, names)}\n"


def _is_grandchild(event: Event, trace: Trace) -> bool:
    """That the main task creates tasks goes without saying."""
    parent = event.about["parent"]
    return parent is not None and trace.tasks.parent[parent] != NONE


def _tells_something(event: Event, trace: Trace) -> bool:
    """Sleeps end as they should unless the loop was late, acquisitions tell of locks, and main tasks wait for tasks."""
    kind, late = event.about["kind"], event.t_ns - event.about["to_ns"] >= _LATE_NS
    usual = kind in {"sleep", "lock", "semaphore"} or (kind == "task" and trace.tasks.parent[event.task] == NONE)
    return late or not usual


class Names:
    """What tasks are called: as the pictures call them where those are given, else their own names."""

    def __init__(self, trace: Trace, shown: Mapping[int, str]) -> None:
        self.trace = trace
        self._shown = shown

    def of(self, task: int) -> str:
        """A task's name."""
        return _printable(self._shown.get(task) or self.trace.task_name(task))

    def who(self, event: Event) -> str:
        """Whose event it is, also when it is no task's."""
        if event.task >= 0:
            return self.of(event.task)
        return _printable(event.name) or ("(callback)" if event.kind is Kind.STALLED else "(program)")

    def canceller(self, task: int | None, actor: str | None) -> str:
        """Who cancelled a task, the `task` if it was one: ` by main`, ` by a timer`; "" when that is not known."""
        if task is not None:
            return f" by {self.of(task)}"
        return f" by {ACTORS.get(actor, actor)}" if actor else ""


def _created(_: Event, about: Any, names: Names) -> str:
    return f"created by {names.of(about['parent'])}"


def _waited(event: Event, about: Any, _: Names) -> str:
    waited = format_duration(about["to_ns"] - about["from_ns"])
    late_ns = event.t_ns - about["to_ns"]
    late = f", then {format_duration(late_ns)} for the loop" if late_ns >= _LATE_NS else ""
    if about["kind"] == "sleep":
        return f"slept {waited}{late}"
    return f"waited {waited} for {_printable(about['on'])}{late}"


def _acquired(_: Event, about: Any, __: Names) -> str:
    after = f" after {format_duration(about['waited_ns'])}" if about["waited_ns"] else ""
    return f"acquired {_printable(about['on'])}{after}"


def _printed(_: Event, about: Any, __: Names) -> str:
    return f"| {about['text']}"


def _cancel_requested(_: Event, about: Any, names: Names) -> str:
    return f"cancel requested{names.canceller(about['by_task'], about['by'])}{_place(about['at'])}"


def _stalled(event: Event, about: Any, _: Names) -> str:
    gc = f", {format_duration(about['gc_ns'])} of it garbage collection" if about["gc_ns"] else ""
    return f"blocked the loop for {format_duration(event.t_ns - about['from_ns'])}{_place(about['at'])}{gc}"


def _ended(event: Event, about: Any, names: Names) -> str:
    if about["outcome"] == "failed":
        return f"failed: {_printable(about['error'] or 'an exception')}"
    if about["outcome"] == "cancelled":
        task = names.trace.tasks.cancelled_by[event.task]
        by = names.canceller(task if task >= 0 else None, about["cancelled_by"])
        return f"cancelled{by}{_place(about['cancelled_at'])}"
    return "destroyed" if about["outcome"] == "destroyed" else "done"


def _place(at: str | None) -> str:
    return f" at {at}" if at else ""


def _printable(text: str) -> str:
    """A name or a message on one line, whatever is in it."""
    return "".join(char if char.isprintable() else "?" for char in text)


_SENTENCES: dict[Kind, Callable[[Event, Any, Names], str]] = {
    Kind.CREATED: _created,
    Kind.WAITED: _waited,
    Kind.ACQUIRED: _acquired,
    Kind.PRINTED: _printed,
    Kind.CANCEL_REQUESTED: _cancel_requested,
    Kind.STALLED: _stalled,
    Kind.ENDED: _ended,
}
