"""Trace: what was recorded, as frozen columns.

A trace is data and nothing else: tables of equally long columns, one row a task, a step, a hold and so on. Whoever
draws, explains or exports reads only this. Times are integer nanoseconds from the start of the run (the creation of the
first task; what happened before has a negative time). References to rows of another table are indices, and `NONE` (-1)
means "there is none" or "not known".
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Annotated, Any

NONE = -1
VERSION = 2

Int8 = Annotated[Sequence[int], "b"]
Int32 = Annotated[Sequence[int], "i"]
Int64 = Annotated[Sequence[int], "q"]


class Outcome(IntEnum):
    """How a task or a job ended; `PENDING` when it had not by the end of the recording."""

    PENDING = 0
    RETURNED = 1
    RAISED = 2
    CANCELLED = 3
    DESTROYED = 4
    """Its last reference went away while it was suspended."""


class Actor(IntEnum):
    """Who woke or cancelled a task when it was not another task (those are indices, zero or more)."""

    UNKNOWN = -1
    NETWORK = -2
    TIMER = -3
    THREAD = -4
    PROGRAM = -5
    """Code outside the loop: `run_until_complete`, the runner's shutdown."""
    CALLBACK = -6
    """A callback of the loop that no task can be named for."""
    SIGNAL = -7
    PROCESS = -8
    """The thread that brings the results of a process pool."""


class Wait(IntEnum):
    """What a task waits for between two steps."""

    BRIEF = 0
    """Too short to have been looked at: see `Trace.meta["brief_ns"]`."""
    YIELD = 1
    """It only let others run: `sleep(0)`."""
    SLEEP = 2
    TASK = 3
    """Another task, or several of them (`gather`, `wait`, a task group)."""
    LOCK = 4
    SEMAPHORE = 5
    CONDITION = 6
    """A notification, not the condition's lock (that is `LOCK`)."""
    EVENT = 7
    QUEUE_GET = 8
    QUEUE_PUT = 9
    QUEUE_JOIN = 10
    BARRIER = 11
    THREAD = 12
    PROCESS = 13
    NETWORK = 14
    SUBPROCESS = 15
    FUTURE = 16
    """A bare future that somebody else completes."""


class Loss(IntEnum):
    """What a program lost without a word, or with one of Python's own on stderr."""

    NEVER_AWAITED = 0
    """A coroutine that nobody awaited."""
    NEVER_RETRIEVED = 1
    """An exception of a task or a future that nobody asked for."""
    STRAY_RELEASE = 2
    """A semaphore's slot that nobody had taken was given back: its limit is higher from then on."""


class Table:
    """Base of the tables: equally long, read-only columns."""

    __slots__: tuple[str, ...] = ()

    def __len__(self) -> int:
        first: Sequence[int] = getattr(self, type(self).__slots__[0])
        return len(first)


@dataclass(frozen=True, slots=True)
class Sites(Table):
    """Places in source code."""

    file: Int32 = ()
    """String: the file's path as Python knows it."""
    line: Int32 = ()
    """1 and up; 0 when not known."""
    function: Int32 = ()
    """String: the qualified name of the function or coroutine."""


@dataclass(frozen=True, slots=True)
class Processes(Table):
    """The processes that were recorded, the program's own first; none in a trace of format 1."""

    name: Int32 = ()
    """String: `MainProcess`, `SpawnProcess-1` and so on, `fork` for a child of `os.fork`."""
    pid: Int32 = ()
    parent: Int32 = ()
    """Process that started it, or `NONE`."""


@dataclass(frozen=True, slots=True)
class Loops(Table):
    """Event loops, in the order in which they were first seen, process by process."""

    kind: Int32 = ()
    """String: module and class, such as `uvloop.Loop`."""
    thread: Int32 = ()
    """String: the name of the thread that ran it."""
    process: Int32 = ()
    """Process that ran it, or `NONE` in a trace of format 1."""


class Ends(Sequence[int]):
    """A column of `Tasks.ended_ns` that has far too many rows to look at each, but can tell of all at once."""

    @abstractmethod
    def ended_by(self, t_ns: int, least: int, most: int) -> int:
        """How many tasks had ended by this time, which are known to be between `least` and `most`."""


@dataclass(frozen=True, slots=True)
class Tasks(Table):
    """One row a task, in order of creation, process by process."""

    name: Int32 = ()
    """String; below `NONE` it is asyncio's default name, -1 - N for `Task-N`. Read with `Trace.task_name`."""
    coro: Int32 = ()
    """String: the coroutine's qualified name."""
    defined: Int32 = ()
    """Site: where the coroutine function is defined."""
    parent: Int32 = ()
    """Task that created it, or `NONE`."""
    site: Int32 = ()
    """Site: the program's own line that created it, or `NONE`."""
    loop: Int32 = ()
    created_ns: Int64 = ()
    started_ns: Int64 = ()
    """Start of its first step, or `NONE`. Only meaningful when a step exists: times before the run are negative."""
    ended_ns: Int64 = ()
    """End of its last step when `outcome` is not `PENDING`; otherwise the end of the recording."""
    outcome: Int8 = ()
    """`Outcome`."""
    steps: Int32 = ()
    """How many steps it ran, kept or not."""
    error: Int32 = ()
    """String: `ValueError: what it said` of the exception that ended it, or `NONE`."""
    cancelled_by: Int32 = ()
    """Task, or an `Actor`; `Actor.UNKNOWN` when nobody asked or it could not be seen."""
    cancelled_at: Int32 = ()
    """Site of the call that asked for the cancellation, or `NONE`."""
    unheeded: Int32 = ()
    """How many requests to end had reached it, and had not been taken back, as it returned or the recording ended."""
    waiting: Int32 = ()
    """Row of `waits`: what a pending task waits for as the recording ends (or the snapshot is taken), and a destroyed
    one waited for at its end; or `NONE`."""


@dataclass(frozen=True, slots=True)
class Steps(Table):
    """One row an uninterrupted run of a task, ordered by start within each loop."""

    ready_ns: Int64 = ()
    """When it became ready to run; its wait lasted from the end of the task's step before until here."""
    start_ns: Int64 = ()
    end_ns: Int64 = ()
    task: Int32 = ()
    wait: Int32 = ()
    """Row of `waits`: what the task had waited for, or `NONE` for its first step."""
    waker: Int32 = ()
    """Task that made it ready, or an `Actor`."""


@dataclass(frozen=True, slots=True)
class Running(Table):
    """The steps that were running when a snapshot was taken; none in a finished trace."""

    ready_ns: Int64 = ()
    start_ns: Int64 = ()
    task: Int32 = ()
    wait: Int32 = ()
    """Row of `waits`: what the task had waited for, or `NONE` for its first step."""
    waker: Int32 = ()
    """Task that made it ready, or an `Actor`."""


@dataclass(frozen=True, slots=True)
class Cancels(Table):
    """One row for each time that a suspended task was asked to end, whether it did or not, in order."""

    task: Int32 = ()
    t_ns: Int64 = ()
    by: Int32 = ()
    """Task, or an `Actor`; a time-out is `Actor.TIMER`."""
    site: Int32 = ()
    """The program's own line that asked, or `NONE`."""


@dataclass(frozen=True, slots=True)
class Timeouts(Table):
    """One row for each `wait_for` or `asyncio.timeout` whose time was up, in order."""

    task: Int32 = ()
    """Task in which it stands."""
    limited: Int32 = ()
    """Task that was asked to end: the same one, but one of its own for `wait_for` on Python 3.11."""
    site: Int32 = ()
    """The program's own line in which it stands, or `NONE`."""
    set_ns: Int64 = ()
    """When it began to run."""
    out_ns: Int64 = ()
    """When it asked for the end of what it limits."""
    left_ns: Int64 = ()
    """When that was over; the end of the recording when `outcome` is `PENDING`."""
    outcome: Int8 = ()
    """`Outcome` of what it limits; `CANCELLED` when that heeded the request."""


@dataclass(frozen=True, slots=True)
class Waits(Table):
    """Distinct reasons to wait, shared by the steps that had them."""

    kind: Int8 = ()
    """`Wait`."""
    on: Int32 = ()
    """String for people: `sleep`, `Semaphore`, `Queue.get`, `task 'job-3'`, `thread`, `socket`."""
    resource: Int32 = ()
    """Row of `resources`, or `NONE`."""
    task: Int32 = ()
    """The task that it waited for, or `NONE`."""
    site: Int32 = ()
    """The program's own line that awaited, or `NONE`."""
    frame: Int32 = ()
    """Row of `frames`: that line and those that led to it; `NONE` when the recording did not look that closely."""


@dataclass(frozen=True, slots=True)
class Frames(Table):
    """Where coroutines of the program's own were suspended, and in which others: the innermost leads to its caller."""

    site: Int32 = ()
    caller: Int32 = ()
    """Row of `frames`, or `NONE` for the outermost."""


@dataclass(frozen=True, slots=True)
class Resources(Table):
    """Locks, semaphores, conditions, events, queues, barriers, in the order in which they were first used."""

    kind: Int32 = ()
    """String: the class's name, such as `Semaphore`."""
    name: Int32 = ()
    """String for people, unique within the trace: `Semaphore`, `Lock 2`."""
    limit: Int32 = ()
    """How many may hold it at once, or a queue's maxsize; `NONE` when unbounded."""
    site: Int32 = ()
    """Where it was first used, or `NONE`."""


@dataclass(frozen=True, slots=True)
class Holds(Table):
    """One row for each time that a task acquired a lock or a slot of a semaphore, in order of acquisition."""

    resource: Int32 = ()
    task: Int32 = ()
    asked_ns: Int64 = ()
    from_ns: Int64 = ()
    to_ns: Int64 = ()
    """When it was released; the end of the recording when it never was."""
    site: Int32 = ()
    """The program's own line that acquired it."""


@dataclass(frozen=True, slots=True)
class Levels(Table):
    """One row for each change of a queue's length."""

    resource: Int32 = ()
    t_ns: Int64 = ()
    level: Int32 = ()
    """After the change; of changes within `meta["burst_ns"]` the last one is kept."""


@dataclass(frozen=True, slots=True)
class Workers(Table):
    """Threads and processes that ran executor jobs."""

    kind: Int8 = ()
    """`Wait.THREAD` or `Wait.PROCESS`."""
    name: Int32 = ()
    """String: a thread's name, or `process 4711`."""


@dataclass(frozen=True, slots=True)
class Jobs(Table):
    """Functions run on executors, in order of submission."""

    kind: Int8 = ()
    """`Wait.THREAD` or `Wait.PROCESS`."""
    function: Int32 = ()
    """String."""
    task: Int32 = ()
    """Task that submitted it, or `NONE`."""
    worker: Int32 = ()
    """Row of `workers`, or `NONE` when it never started or could not be seen."""
    submitted_ns: Int64 = ()
    started_ns: Int64 = ()
    """Equal to `ended_ns` when it never started."""
    ended_ns: Int64 = ()
    outcome: Int8 = ()
    """`Outcome`."""


@dataclass(frozen=True, slots=True)
class Lines(Table):
    """What was printed, a line each, in order."""

    t_ns: Int64 = ()
    task: Int32 = ()
    """Task that printed it, or `NONE`: outside any task, from a thread, or from a child process."""
    stream: Int8 = ()
    """1 stdout, 2 stderr."""
    text: Int32 = ()
    """String, without its newline."""
    origin: Int32 = ()
    """String: who printed it when it was no task (`thread pool_0`, `process 4711`), or `NONE`."""
    steps: Int32 = ()
    """How many steps of its loop were over when it was printed; `NONE` outside every loop."""


@dataclass(frozen=True, slots=True)
class Stalls(Table):
    """Stretches in which one step or callback held the loop longer than `meta["stall_ns"]`."""

    loop: Int32 = ()
    start_ns: Int64 = ()
    end_ns: Int64 = ()
    task: Int32 = ()
    """Whose step it was, or `NONE` for a callback."""
    site: Int32 = ()
    """The program's own line seen most often while it lasted, or `NONE` when it was not looked at."""
    gc_ns: Int64 = ()
    """How much of it the garbage collector took."""
    computed: Int32 = ()
    """Percent of the time that was looked at in which the loop's thread computed, 0 to 100; `NONE` when not known."""
    doing: Int32 = ()
    """String: the call or the expression at `site`, as the source has it, or `NONE`."""


@dataclass(frozen=True, slots=True)
class Pauses(Table):
    """Garbage-collector runs longer than `meta["pause_ns"]`; the shorter ones are counted in `meta`."""

    start_ns: Int64 = ()
    end_ns: Int64 = ()
    generation: Int8 = ()
    task: Int32 = ()
    """In whose step it struck, or `NONE`."""


@dataclass(frozen=True, slots=True)
class Losses(Table):
    """What the program lost."""

    loss: Int8 = ()
    """`Loss`."""
    t_ns: Int64 = ()
    """When it was lost for good."""
    what: Int32 = ()
    """String: the coroutine's qualified name, the exception, the semaphore's name."""
    task: Int32 = ()
    """The task whose exception it is, or that ran when it was lost, or `NONE`."""
    made: Int32 = ()
    """Site: the program's own line that made the coroutine or released the slot; `NONE` when not known."""
    site: Int32 = ()
    """Site: the program's own line in which it was lost, or `NONE`."""


@dataclass(frozen=True, slots=True)
class Hangs(Table):
    """One row for each task that was suspended at the moment from which on nothing could ever happen."""

    t_ns: Int64 = ()
    """The last thing that happened; the same for all tasks of one such moment."""
    task: Int32 = ()
    wait: Int32 = ()
    """Row of `waits`: what it waited for."""
    unfinished: Int32 = ()
    """How many items of the queue that it joins had no `task_done()`; `NONE` when it joins none."""


@dataclass(frozen=True, slots=True, weakref_slot=True, repr=False)
class Trace:
    """One recording.

    Attributes:
        meta: what the recording is about, in values that JSON can hold: `command`, `params`, `clock` ("real" or
            "virtual"), `observer`, `python`, `platform`, `started` (ISO 8601, UTC), `brief_ns`, `stall_ns`, `pause_ns`,
            `gc_runs`, `gc_ns`, `cpus` (how many the process could use), `adopted` (how many tasks are older than the
            recording; when it began inside a loop, those of that loop come first), `scope` (what was asked to be left
            out), `goes_on` (true when the recording ended while the program went on), `cut_off` (when a recording of
            which nothing more could be saved was saved for the last time, ISO 8601, UTC).
        duration_ns: from the first task's creation to the end of the recording.
        strings: the texts that columns refer to.
        lost: what could not be kept or seen: a sentence's subject and how many, such as `{"steps": 12000}`.
    """

    meta: Mapping[str, Any] = field(default_factory=dict)
    duration_ns: int = 0
    strings: tuple[str, ...] = ()
    sites: Sites = field(default_factory=Sites)
    processes: Processes = field(default_factory=Processes)
    loops: Loops = field(default_factory=Loops)
    tasks: Tasks = field(default_factory=Tasks)
    steps: Steps = field(default_factory=Steps)
    running: Running = field(default_factory=Running)
    cancels: Cancels = field(default_factory=Cancels)
    timeouts: Timeouts = field(default_factory=Timeouts)
    waits: Waits = field(default_factory=Waits)
    frames: Frames = field(default_factory=Frames)
    resources: Resources = field(default_factory=Resources)
    holds: Holds = field(default_factory=Holds)
    levels: Levels = field(default_factory=Levels)
    workers: Workers = field(default_factory=Workers)
    jobs: Jobs = field(default_factory=Jobs)
    lines: Lines = field(default_factory=Lines)
    stalls: Stalls = field(default_factory=Stalls)
    pauses: Pauses = field(default_factory=Pauses)
    losses: Losses = field(default_factory=Losses)
    hangs: Hangs = field(default_factory=Hangs)
    lost: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        counts = {"task": len(self.tasks), "step": len(self.steps)}
        tasks, steps = (f"{number:,} {noun}{'' if number == 1 else 's'}" for noun, number in counts.items())
        return f"{self.meta.get('command', 'a program')}: {tasks}, {steps}, {self.duration_ns / 1e9:.3f} s"

    def __repr__(self) -> str:
        return f"<Trace of {self}>"

    def text(self, index: int) -> str:
        """The string at `index`, or "" for `NONE`."""
        return self.strings[index] if index >= 0 else ""

    def task_name(self, task: int) -> str:
        """The name of a task as `Task.get_name()` gave it when last seen; its coroutine's if it was lost before."""
        name = self.tasks.name[task]
        if name == NONE:
            return self.text(self.tasks.coro[task])
        return self.strings[name] if name >= 0 else f"Task-{NONE - name}"

    def site_text(self, site: int) -> str:
        """`file.py:12` for people, with the file's last part alone; "" for `NONE`."""
        if site < 0:
            return ""
        file = self.strings[self.sites.file[site]].replace("\\", "/").rpartition("/")[2]
        return f"{file}:{self.sites.line[site]}"

    def process_of(self, task: int) -> int:
        """The process that ran a task, or `NONE`."""
        loop = self.tasks.loop[task]
        return self.loops.process[loop] if loop >= 0 else NONE

    def actor_text(self, actor: int) -> str:
        """Who woke or cancelled, for people: a task's name or the `Actor` in lower case."""
        return self.task_name(actor) if actor >= 0 else Actor(actor).name.lower()

    def tables(self) -> Iterator[tuple[str, Table]]:
        """The tables by name, in the order in which they are declared."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Table):
                yield each.name, value
