"""A recorded program as what its tasks do, one operation after the other, so that it can be run again in simulation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from asyncdemo.trace import NONE


@dataclass(frozen=True, slots=True)
class Op:
    """Something that a task does."""


@dataclass(frozen=True, slots=True)
class Compute(Op):
    """It runs for so long."""

    ns: int


@dataclass(frozen=True, slots=True)
class Spawn(Op):
    """It makes a task; or a callback does, so long after it."""

    task: int
    after_ns: int = NONE


@dataclass(frozen=True, slots=True)
class Release(Op):
    """It gives back a lock or a slot."""

    resource: int


@dataclass(frozen=True, slots=True)
class Tell(Op):
    """It does what a task waits for, or will wait for."""

    signal: int


@dataclass(frozen=True, slots=True)
class Cancel(Op):
    """It asks a task to end: that one goes on where it hears the signal, wherever it is."""

    task: int
    signal: int


@dataclass(frozen=True, slots=True)
class Submit(Op):
    """It hands a job to a pool."""

    job: int


@dataclass(frozen=True, slots=True)
class Waiting(Op):
    """Something that may suspend a task.

    Attributes:
        wait: row of `Trace.waits`, or `NONE` for what did not have to be waited for.
        lead_ns: how long the loop took to go on with the task, once it had come to it.
    """

    wait: int = NONE
    lead_ns: int = 0


@dataclass(frozen=True, slots=True)
class Pause(Waiting):
    """It waits as long as it did: a sleep, an answer of the network, whatever is not decided within the program."""

    ns: int = 0
    waker: int = NONE


@dataclass(frozen=True, slots=True)
class Acquire(Waiting):
    """It takes a lock or a slot at a row of `Trace.sites`, and waits for its turn."""

    resource: int = NONE
    site: int = NONE


@dataclass(frozen=True, slots=True)
class Join(Waiting):
    """It waits until all of these tasks are over."""

    tasks: tuple[int, ...] = ()
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Hear(Waiting):
    """It waits until another task tells it something: an event, a notification, an item."""

    signal: int = NONE


@dataclass(frozen=True, slots=True)
class Collect(Waiting):
    """It waits for jobs, and hears of the last one so much later."""

    jobs: tuple[int, ...] = ()
    lag_ns: int = 0
    waker: int = NONE


@dataclass(frozen=True, slots=True)
class Put(Waiting):
    """It puts an item into a crew's queue, when there is room."""

    crew: int = NONE
    item: int = NONE


@dataclass(frozen=True, slots=True)
class Draw(Waiting):
    """It takes the next item of a crew's queue and does what belongs to it, until there is none left."""

    crew: int = NONE


@dataclass(frozen=True, slots=True)
class Finish(Waiting):
    """It waits until every item of a crew's queue is done."""

    crew: int = NONE


@dataclass(frozen=True, slots=True)
class Job:
    """What a pool does for a task: which pool, and how long it takes once it begins."""

    pool: int
    ns: int


@dataclass(frozen=True, slots=True)
class Pool:
    """The threads or processes that share jobs.

    Attributes:
        name: for people.
        size: how many of them ran jobs.
        queued: whether a job ever waited for one of them: only then is `size` all that there are.
    """

    name: str
    size: int
    queued: bool


@dataclass(frozen=True, slots=True)
class Crew:
    """The items that workers take from a queue, in the order in which they were taken.

    Attributes:
        queue: row of `Trace.resources`, whose limit is how many items may lie in it.
        items: what is done with each.
        there: those of which nobody knows when they were put: they are in the queue from the beginning.
    """

    queue: int
    items: tuple[tuple[Op, ...], ...]
    there: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Life:
    """A task.

    Attributes:
        ops: what it does.
        loop: row of `Trace.loops`.
        start_ns: when it comes to be; `NONE` where another task makes it.
        after: the task that has to be over before, from when `start_ns` counts then, or `NONE`.
        lead_ns: how long the loop took to begin with it.
        ends: whether it came to its end while it was recorded.
        main: whether it is what `asyncio.run` was given.
        serves: whether a connection made it, and not another task; or a task that a connection made.
        shutdown: the signal that it hears when the loop's first task is over and the runner cancels the others.
    """

    ops: Sequence[Op]
    loop: int
    start_ns: int = NONE
    after: int = NONE
    lead_ns: int = 0
    ends: bool = True
    main: bool = False
    serves: bool = False
    shutdown: int = NONE


@dataclass(slots=True)
class Program:
    """Everything that can be run again.

    Attributes:
        lives: one for each task; those that were added for a prediction come last.
        limits: how many may hold a resource at once; one that is missing has no limit.
        pools: of threads and processes.
        jobs: rows of `Trace.jobs`.
        crews: workers that share a queue.
        models: for each task that was added, the one that it is like.
    """

    lives: list[Life]
    limits: dict[int, int]
    pools: list[Pool] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    crews: list[Crew] = field(default_factory=list)
    models: list[int] = field(default_factory=list)

    def copy(self) -> Program:
        """One that can be changed without changing this one."""
        lists = (self.pools, self.jobs, self.crews, self.models)
        return Program([*self.lives], {**self.limits}, *(list(each) for each in lists))  # type: ignore[arg-type]

    def waiting(self) -> Iterator[Waiting]:
        """Every operation that may suspend a task and did."""
        for life in self.lives:
            yield from (op for op in life.ops if isinstance(op, Waiting) and op.wait != NONE)
