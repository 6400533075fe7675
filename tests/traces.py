"""Hand-made traces: a builder in milliseconds, and a few situations that many tests look at."""

from __future__ import annotations

from array import array
from dataclasses import fields
from typing import Any

from asyncdemo import trace as model
from asyncdemo.joining import Child, joined
from asyncdemo.trace import NONE, Actor, Outcome, Table, Trace, Wait

TYPECODES = {"Int8": "b", "Int32": "i", "Int64": "q"}
TABLES = {
    "sites": model.Sites,
    "processes": model.Processes,
    "loops": model.Loops,
    "tasks": model.Tasks,
    "steps": model.Steps,
    "running": model.Running,
    "cancels": model.Cancels,
    "timeouts": model.Timeouts,
    "waits": model.Waits,
    "resources": model.Resources,
    "holds": model.Holds,
    "levels": model.Levels,
    "workers": model.Workers,
    "jobs": model.Jobs,
    "lines": model.Lines,
    "stalls": model.Stalls,
    "pauses": model.Pauses,
    "losses": model.Losses,
    "hangs": model.Hangs,
    "frames": model.Frames,
}
WORDS = {
    Wait.SLEEP: "sleep",
    Wait.QUEUE_GET: "Queue.get",
    Wait.QUEUE_PUT: "Queue.put",
    Wait.QUEUE_JOIN: "Queue.join",
    Wait.NETWORK: "socket",
    Wait.TASK: "tasks",
}


def ns(milliseconds: float) -> int:
    """Milliseconds as a trace's integer nanoseconds."""
    return round(milliseconds * 1_000_000)


class TraceBuilder:
    """Packs rows into a `Trace` and checks nothing; every method returns the new row's index, times are milliseconds.

    Keyword arguments become `Trace.meta`.
    """

    def __init__(self, **meta: Any) -> None:
        self.meta: dict[str, Any] = {"clock": "real", "observer": "none", "brief_ns": 0, "stall_ns": ns(100), **meta}
        self.strings: dict[str, int] = {}
        self.rows: dict[str, list[dict[str, int]]] = {name: [] for name in TABLES}
        self.lost: dict[str, int] = {}
        self.process()
        self.loop()

    def text(self, text: str) -> int:
        """The index of a string; `NONE` for ""."""
        return self.strings.setdefault(text, len(self.strings)) if text else NONE

    def add(self, table: str, **row: int) -> int:
        """A row of any table, every column given."""
        self.rows[table].append(row)
        return len(self.rows[table]) - 1

    def once(self, table: str, **row: int) -> int:
        """A row of a table whose rows are distinct."""
        rows = self.rows[table]
        return rows.index(row) if row in rows else self.add(table, **row)

    def process(self, name: str = "MainProcess", pid: int = 100, parent: int = NONE) -> int:
        """A process; the first one is there from the beginning."""
        return self.add("processes", name=self.text(name), pid=pid, parent=parent)

    def loop(
        self,
        kind: str = "asyncio.unix_events._UnixSelectorEventLoop",
        thread: str = "MainThread",
        process: int = 0,
    ) -> int:
        """An event loop; the first one is there from the beginning."""
        return self.add("loops", kind=self.text(kind), thread=self.text(thread), process=process)

    def site(self, place: str, function: str = "main") -> int:
        """A place such as `app.py:12`; `NONE` for ""."""
        if not place:
            return NONE
        file, _, line = place.rpartition(":")
        return self.once("sites", file=self.text(file), line=int(line), function=self.text(function))

    def task(
        self,
        name: str,
        created: float = 0,
        ended: float | None = None,
        *,
        parent: int = NONE,
        outcome: Outcome | None = None,
        coro: str = "",
        error: str = "",
        waiting: int = NONE,
        site: str = "",
        loop: int = 0,
        cancelled_by: int = Actor.UNKNOWN,
        cancelled_at: str = "",
    ) -> int:
        """A task; without `ended` it is pending, without `outcome` it returned, without `name` asyncio names it."""
        number = len(self.rows["tasks"]) + 1
        ending = Outcome.PENDING if ended is None else Outcome.RETURNED
        return self.add(
            "tasks",
            name=self.text(name) if name else NONE - number,
            coro=self.text(coro or name.rstrip("-0123456789") or "work"),
            defined=NONE,
            parent=parent,
            site=self.site(site),
            loop=loop,
            created_ns=ns(created),
            started_ns=NONE,
            ended_ns=NONE if ended is None else ns(ended),
            outcome=ending if outcome is None else outcome,
            steps=0,
            error=self.text(error),
            cancelled_by=cancelled_by,
            cancelled_at=self.site(cancelled_at),
            unheeded=0,
            waiting=waiting,
        )

    def wait(self, kind: Wait, on: str = "", *, resource: int = NONE, task: int = NONE, site: str = "") -> int:
        """A reason to wait; `on` is the resource's name when there is one, else the kind's usual words."""
        if not on and resource != NONE:
            on = list(self.strings)[self.rows["resources"][resource]["name"]]
        on = on or WORDS.get(kind, kind.name.capitalize())
        row = {"resource": resource, "task": task, "site": self.site(site), "frame": NONE}
        return self.once("waits", kind=kind, on=self.text(on), **row)

    def step(
        self,
        task: int,
        start: float,
        end: float,
        *,
        ready: float | None = None,
        wait: int = NONE,
        waker: int = Actor.UNKNOWN,
    ) -> int:
        """A step; it was ready when it started unless `ready` says otherwise."""
        row = self.rows["tasks"][task]
        row["steps"] += 1
        if row["steps"] == 1:
            row["started_ns"] = ns(start)
        ready_ns = ns(start if ready is None else ready)
        return self.add(
            "steps", ready_ns=ready_ns, start_ns=ns(start), end_ns=ns(end), task=task, wait=wait, waker=waker
        )

    def running(self, task: int, start: float, *, ready: float | None = None, wait: int = NONE) -> int:
        """A step that has not ended."""
        row = self.rows["tasks"][task]
        if row["started_ns"] == NONE:
            row["started_ns"] = ns(start)
        ready_ns = ns(start if ready is None else ready)
        return self.add("running", ready_ns=ready_ns, start_ns=ns(start), task=task, wait=wait, waker=Actor.UNKNOWN)

    def resource(self, kind: str, name: str = "", *, limit: int = NONE, site: str = "") -> int:
        """A lock, semaphore, queue and so on, named after its kind unless `name` is given."""
        return self.add(
            "resources", kind=self.text(kind), name=self.text(name or kind), limit=limit, site=self.site(site)
        )

    def hold(self, resource: int, task: int, asked: float, start: float, end: float, site: str = "") -> int:
        """A task holds a resource from `start` to `end`."""
        times = {"asked_ns": ns(asked), "from_ns": ns(start), "to_ns": ns(end)}
        return self.add("holds", resource=resource, task=task, site=self.site(site), **times)

    def level(self, resource: int, t: float, level: int, task: int = Actor.UNKNOWN) -> int:
        """A resource's level changes to `level`."""
        return self.add("levels", resource=resource, t_ns=ns(t), level=level, task=task)

    def worker(self, name: str, kind: Wait = Wait.THREAD) -> int:
        """A thread or a process."""
        return self.add("workers", kind=kind, name=self.text(name))

    def job(
        self,
        function: str,
        worker: int,
        submitted: float,
        started: float,
        ended: float,
        *,
        task: int = NONE,
        kind: Wait = Wait.THREAD,
        outcome: Outcome = Outcome.RETURNED,
    ) -> int:
        """A function run on an executor."""
        times = {"submitted_ns": ns(submitted), "started_ns": ns(started), "ended_ns": ns(ended)}
        row = {"kind": kind, "function": self.text(function), "task": task, "worker": worker, "outcome": outcome}
        return self.add("jobs", **row, **times)

    def cancel(self, t: float, task: int, by: int = Actor.UNKNOWN, site: str = "") -> int:
        """A suspended task is asked to end."""
        return self.add("cancels", task=task, t_ns=ns(t), by=by, site=self.site(site))

    def line(
        self, t: float, text: str, task: int = NONE, *, stream: int = 1, origin: str = "", steps: int = NONE
    ) -> int:
        """A printed line; `steps` were over by then."""
        row = {"task": task, "stream": stream, "text": self.text(text), "origin": self.text(origin), "steps": steps}
        return self.add("lines", t_ns=ns(t), **row)

    def stall(self, start: float, end: float, task: int = NONE, site: str = "", *, gc: float = 0, loop: int = 0) -> int:
        """The loop is blocked."""
        row = {"loop": loop, "task": task, "site": self.site(site), "gc_ns": ns(gc), "computed": NONE, "doing": NONE}
        return self.add("stalls", start_ns=ns(start), end_ns=ns(end), **row)

    def pause(self, start: float, end: float, generation: int = 2, task: int = NONE) -> int:
        """The garbage collector runs."""
        return self.add("pauses", start_ns=ns(start), end_ns=ns(end), generation=generation, task=task)

    def build(self, duration: float | None = None, **lost: int) -> Trace:
        """The trace; it lasts to the latest end of a task or a step unless `duration` says otherwise."""
        ends = [row["ended_ns"] for row in self.rows["tasks"]] + [row["end_ns"] for row in self.rows["steps"]]
        duration_ns = max([0, *ends]) if duration is None else ns(duration)
        for row in self.rows["tasks"]:
            row["ended_ns"] = duration_ns if row["outcome"] == Outcome.PENDING else row["ended_ns"]
        self.rows["steps"].sort(key=lambda row: row["start_ns"])
        tables: dict[str, Any] = {name: pack(kind, self.rows[name]) for name, kind in TABLES.items()}
        lost = {**self.lost, **lost}
        return Trace(self.meta, duration_ns, strings=tuple(self.strings), lost=lost, **tables)


def pack(kind: type[Table], rows: list[dict[str, int]]) -> Table:
    """A table's columns out of its rows."""
    columns = {each.name: array(TYPECODES[str(each.type)]) for each in fields(kind)}  # type: ignore[arg-type]
    for row in rows:
        for name, column in columns.items():
            column.append(int(row[name]))
    return kind(**columns)


def semaphore(holds: tuple[int, ...] = (91, 42, 54, 58, 68, 60, 50, 55, 61, 50), limit: int = 3) -> Trace:
    """Jobs that share a semaphore first come, first served; each holds it for its number of milliseconds.

    The fourth from the end fails, when there are that many; each prints a line when it is done.
    """
    builder = TraceBuilder(command="semaphore", params={"tasks": len(holds), "limit": limit})
    shared = builder.resource("Semaphore", limit=limit, site="semaphore.py:20")
    acquire = builder.wait(Wait.SEMAPHORE, resource=shared, site="semaphore.py:20")
    sleep = builder.wait(Wait.SLEEP, site="semaphore.py:21")
    main = builder.task("main", coro="main")
    builder.step(main, 0, 0)
    free, finished = [0.0] * limit, 0.0
    for index, hold in enumerate(holds):
        start = min(free)
        end = start + hold
        free[free.index(start)] = end
        fails = index == len(holds) - 4
        job = builder.task(
            f"job-{index:02d}",
            0,
            end,
            parent=main,
            outcome=Outcome.RAISED if fails else Outcome.RETURNED,
            error="ValueError: no luck" if fails else "",
        )
        builder.step(job, 0, 0)
        if start:
            builder.step(job, start, start, wait=acquire)
        builder.step(job, end, end, wait=sleep, waker=Actor.TIMER)
        builder.hold(shared, job, 0, start, end, site="semaphore.py:20")
        builder.line(end, f"job-{index:02d} is done", job)
        finished = max(finished, end)
    builder.step(main, finished, finished, wait=builder.wait(Wait.TASK, "gather", site="semaphore.py:30"))
    builder.rows["lines"].sort(key=lambda row: row["t_ns"])
    builder.rows["tasks"][main].update(outcome=Outcome.RETURNED, ended_ns=ns(finished))
    return builder.build(finished)


def family() -> Trace:
    """A program with a lock, a queue, a thread and a line, and two children with a lock and a queue of their own."""
    parts = [
        of_process(name, pid, queue=name != "Fork-2", awaited=name == "Fork-1")
        for name, pid in (("MainProcess", 100), ("Fork-1", 7), ("Fork-2", 8))
    ]
    return joined(parts[0], [Child(part, at_ns, 100) for part, at_ns in zip(parts[1:], (-1_000, 2_000), strict=True)])


def of_process(name: str, pid: int, *, queue: bool, awaited: bool) -> Trace:
    """What a process records; `queue` and `awaited` say whether it has a queue, and whether a task waits for it."""
    builder = TraceBuilder(command="app.py")
    builder.rows["processes"][0] = {"name": builder.text(name), "pid": pid, "parent": NONE}
    main = builder.task("", 0, 9, coro="main")
    job = builder.task("job", 1, 8, parent=main)
    builder.step(main, 0, 1)
    builder.step(job, 2, 3, waker=main)
    lock = builder.resource("Lock")
    builder.hold(lock, job, 2, 2, 3)
    if queue:
        items = builder.resource("Queue")
        builder.level(items, 2, 1)
        if awaited:
            builder.step(main, 4, 5, wait=builder.wait(Wait.QUEUE_GET, resource=items))
    builder.job("read", builder.worker("pool_0"), 3, 3, 4, task=job)
    builder.line(3, f"{name} speaks")
    builder.stall(5, 6, main)
    builder.pause(6, 7, task=main if queue else NONE)
    return builder.build()


def handed_on(outcome: Outcome = Outcome.RETURNED) -> Trace:
    """A producer that sleeps for 30 ms, a consumer that waits for it and then sleeps for 20, and one beside them."""
    builder = TraceBuilder()
    sleep, get = builder.wait(Wait.SLEEP), builder.wait(Wait.QUEUE_GET)
    producer, consumer = builder.task("producer", 0, 30), builder.task("consumer", 0, 50, outcome=outcome)
    beside = builder.task("beside", 0, 40)
    for task in (producer, consumer, beside):
        builder.step(task, 0, 0)
    builder.step(producer, 30, 30, wait=sleep)
    builder.step(consumer, 30, 30, wait=get, waker=producer)
    builder.step(beside, 40, 40, wait=sleep)
    builder.step(consumer, 50, 50, wait=sleep)
    return builder.build()
