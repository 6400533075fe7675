"""Who holds and asks for locks, semaphores and conditions, and how long queues are.

`acquire` is a coroutine function. It is replaced by a plain function that notes the request and hands back the very
coroutine of the original: no frame of ours stands in the program's tracebacks, and whether the request was granted is
seen from that coroutine at the end of the task's step. Releases and changes are seen in functions of asyncio that do
not raise.
"""

from __future__ import annotations

import asyncio
import asyncio.locks
import asyncio.queues
import inspect
import sys
import weakref
from _thread import allocate_lock
from array import array
from collections.abc import Callable, Coroutine, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

from asyncdemo.record.awaits import MARK
from asyncdemo.record.sites import Callers, SiteBook, Strings
from asyncdemo.record.tables import columns, view
from asyncdemo.trace import NONE, Holds, Levels, Resources

if TYPE_CHECKING:
    from asyncdemo.record.hooks import Hooks
    from asyncdemo.record.loops import LoopRecorder


_ASYNCIO_FILES = (asyncio.locks.__file__, asyncio.queues.__file__)


INNER = -9
"""The mark of a lock that is part of another primitive's works."""


class Request:
    """A call of `acquire` that has not been granted yet."""

    __slots__ = ("asked_ns", "coroutine", "refused", "resource", "site", "waited")

    def __init__(self, resource: int, coroutine: Coroutine[Any, Any, Any], asked_ns: int, site: int) -> None:
        self.resource = resource
        self.coroutine = coroutine
        self.asked_ns = asked_ns
        self.site = site
        self.waited = False
        self.refused = False


class _HoldRows:
    """Who held what, in order of acquisition; times count from the origin."""

    def __init__(self) -> None:
        self.resource, self.task, self.site = array("i"), array("i"), array("i")
        self.asked_ns, self.from_ns, self.to_ns = array("q"), array("q"), array("q")

    def add(self, resource: int, task: int, asked_ns: int, from_ns: int, site: int) -> int:
        """Appends a hold that has begun and returns its row."""
        self.resource.append(resource)
        self.task.append(task)
        self.asked_ns.append(asked_ns)
        self.from_ns.append(from_ns)
        self.to_ns.append(NONE)
        self.site.append(site)
        return len(self.site) - 1

    def table(self, still_held: Sequence[int], end_ns: int) -> Holds:
        """The holds so far; those `still_held` end at `end_ns`."""
        number = len(self.site)
        to_ns = self.to_ns[:number]
        for row in still_held:
            to_ns[row] = end_ns
        return Holds(
            resource=view(self.resource[:number]),
            task=view(self.task[:number]),
            asked_ns=view(self.asked_ns[:number]),
            from_ns=view(self.from_ns[:number]),
            to_ns=view(to_ns),
            site=view(self.site[:number]),
        )


class ResourceBook:
    """The resources of a recording, and everything that happened to them.

    Args:
        running: gives the recorder of the loop that runs in the calling thread, or None.
        now: the clock, in nanoseconds.
        origin: gives the time that the trace's times count from.
        burst_ns: changes of a queue's length nearer to each other than this are one change.
        stray_release: told the name of a semaphore that was given a slot too many, by which task and at which site.
    """

    def __init__(
        self,
        strings: Strings,
        sites: SiteBook,
        running: Callable[[], LoopRecorder | None],
        now: Callable[[], int],
        origin: Callable[[], int],
        burst_ns: int,
        stray_release: Callable[[str, int, int], None],
    ) -> None:
        self._strings = strings
        self._running = running
        self._now = now
        self._origin = origin
        self._callers = Callers(sites)
        self._release_callers = Callers(sites)
        self._stray_release = stray_release
        self._excess: dict[int, int] = {}
        """How many slots too many each semaphore has been given, by its row."""
        self.rows: list[tuple[int, int, int, int]] = []
        self._names: list[str] = []
        self._of_kind: dict[str, int] = {}
        self._marked: list[Any] = []
        self._lock = allocate_lock()
        self._open: dict[int, list[int]] = {}
        self.holds = _HoldRows()
        self._burst_ns = burst_ns
        self._level_times: array[int] = array("q")
        self._level_resources: array[int] = array("i")
        self._level_values: list[int] = []
        self._last_levels: dict[int, tuple[int, int]] = {}

    def row_of(self, thing: Any, site: int = NONE) -> int:
        """The row of a lock, queue and so on; a new one the first time it is seen."""
        row = getattr(thing, MARK, None)
        if row is not None or thing is None:
            return NONE if row is None else int(row)
        with self._lock:
            return self._add(thing, site, _limit(thing))

    def name(self, resource: int) -> str:
        """The name for people of a resource, unique within the recording."""
        return self._names[resource] if resource >= 0 else "resource"

    def forget(self) -> None:
        """Takes the marks off again."""
        for reference in self._marked:
            thing = reference()
            if thing is not None:
                vars(thing).pop(MARK, None)

    def _released_first(self, semaphore: asyncio.Semaphore) -> int:
        """The row of a semaphore that was given a slot before any was taken: its limit is what it had before."""
        limit = getattr(semaphore, "_bound_value", semaphore._value - 1)
        with self._lock:
            return self._add(semaphore, self._callers.site(), limit)

    def _add(self, thing: Any, site: int, limit: int) -> int:
        kind = type(thing).__name__
        number = self._of_kind[kind] = self._of_kind.get(kind, 0) + 1
        row = len(self.rows)
        name = kind if number == 1 else f"{kind} {number}"
        self._names.append(name)
        self.rows.append((self._strings.intern(kind), self._strings.intern(name), limit, site))
        self._mark(thing, row)
        return row

    def _mark(self, thing: Any, row: int) -> None:
        setattr(thing, MARK, row)
        self._marked.append(weakref.ref(thing))

    # What the replaced functions call

    def asked(self, thing: Any, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Notes that the running task has asked for a lock or a slot."""
        loop = self._running()
        if loop is None or loop.task < 0:
            return
        site = self._callers.site()
        row = self.row_of(thing, site)
        if row < 0:
            return
        request = Request(row, coroutine, self._now(), site)
        loop.watch.setdefault(loop.task, []).append(request)
        loop.unusual = True

    def handed_over(self, loop: LoopRecorder, coroutine: Any, giver: int, taker: int) -> None:
        """A task was made of a request's coroutine: the request is that task's."""
        for request in loop.watch.get(giver, ()):
            if request.coroutine is coroutine:
                loop.watch[giver].remove(request)
                loop.watch.setdefault(taker, []).append(request)
                return

    def released(self, thing: Any) -> None:
        """Notes that a lock or a slot was given back."""
        loop = self._running()
        task = loop.task if loop is not None else NONE
        now = self._now()
        if loop is not None and task in loop.watch:
            self.settle(loop, task, now)
        resource = getattr(thing, MARK, None)
        if resource is None and isinstance(thing, asyncio.Semaphore):
            resource = self._released_first(thing)
        if resource is not None and isinstance(thing, asyncio.Semaphore):
            self._check_slots(thing, resource, task)
        held = self._open.get(NONE if resource is None else resource)
        if held:
            mine = [row for row in held if self.holds.task[row] == task]
            row = mine[-1] if mine else held[0]
            self.holds.to_ns[row] = now - self._origin()
            held.remove(row)

    def _check_slots(self, semaphore: asyncio.Semaphore, resource: int, task: int) -> None:
        """Notes a slot that nobody had taken; a semaphore of no slots is a way to tell others, and has no limit."""
        limit, known = self.rows[resource][2], self._excess.get(resource, 0)
        if limit > 0 and semaphore._value - limit > known:
            self._excess[resource] = semaphore._value - limit
            self._stray_release(self.name(resource), task, self._release_callers.site())

    # What the loop's recorder calls

    def resuming(self, requests: list[Request], *, cancelled: bool) -> None:
        """A task that waits for `requests` is about to run; when cancelled, they are refused."""
        for request in requests:
            request.refused = cancelled

    def settle(self, loop: LoopRecorder, task: int, start_ns: int) -> None:
        """Turns the requests of `task` that have been granted in its step, which began at `start_ns`, into holds."""
        waiting = []
        for request in loop.watch.pop(task, ()):
            if inspect.getcoroutinestate(request.coroutine) == inspect.CORO_CLOSED:
                if not request.refused:
                    self._granted(request, task, start_ns if request.waited else request.asked_ns)
            else:
                waiting.append(request)
        if waiting:
            loop.watch[task] = waiting

    def step_over(self, loop: LoopRecorder, task: int, start_ns: int) -> None:
        """The same at the end of a step, after which only a request that the task is suspended in can be waiting."""
        self.settle(loop, task, start_ns)
        waiting = [
            request
            for request in loop.watch.pop(task, ())
            if inspect.getcoroutinestate(request.coroutine) == inspect.CORO_SUSPENDED
        ]
        for request in waiting:
            request.waited = True
        if waiting:
            loop.watch[task] = waiting

    def _granted(self, request: Request, task: int, from_ns: int) -> None:
        origin = self._origin()
        row = self.holds.add(request.resource, task, request.asked_ns - origin, from_ns - origin, request.site)
        self._open.setdefault(request.resource, []).append(row)

    # Reading

    def tables(self, end_ns: int) -> tuple[Resources, Holds, Levels]:
        """The resources, holds and levels so far; open holds end at `end_ns`, which counts from the origin."""
        still_held = [row for rows in list(self._open.values()) for row in list(rows)]
        with self._lock:
            levels = self._level_resources[:], self._level_times[:], array("i", self._level_values)
        return (
            Resources(*columns("iiii", self.rows)),
            self.holds.table(still_held, end_ns),
            Levels(*map(view, levels)),
        )

    def install(self, hooks: Hooks, guarded: Callable[[Callable[..., None]], Callable[..., None]]) -> None:
        """Replaces what has to be replaced in asyncio's classes.

        Args:
            hooks: remembers what to put back.
            guarded: wraps a function of the recorder's, so that a fault in it never reaches the program.
        """
        locks, queues = asyncio.locks, asyncio.queues
        for holdable in (locks.Lock, locks.Semaphore):
            hooks.replace(holdable, "acquire", _noting_request(holdable.acquire, guarded(self.asked)))
        changes: tuple[tuple[Any, str, Callable[..., None]], ...] = (
            (locks.Semaphore, "release", self.released),
            (locks.Lock, "_wake_up_first", self._lock_woke),
            (locks.Condition, "__init__", self._condition_made),
        )
        for owner, name, note in changes:
            hooks.replace(owner, name, _calling_after(getattr(owner, name), guarded(note)))
        hooks.replace(queues.Queue, "_wakeup_next", self._watched_wakeup(guarded(self._first_level)))

    def _watched_wakeup(self, first_level: Callable[..., None]) -> Callable[..., None]:
        """`Queue._wakeup_next`, which `put` and `get` call after each change, with a look at the queue's length.

        It runs twice for every item of every queue, so it is written for speed: within a burst it only corrects the
        level that it noted last.
        """
        original, now, burst_ns = asyncio.queues.Queue._wakeup_next, self._now, self._burst_ns  # type: ignore[attr-defined]
        levels, lasts = self._level_values, self._last_levels

        @wraps(original)
        def _wakeup_next(queue: Any, waiters: Any) -> None:
            original(queue, waiters)
            last = lasts.get(id(queue))
            if last is not None and now() - last[0] < burst_ns:
                levels[last[1]] = len(queue._queue)
            else:
                first_level(queue)

        return _wakeup_next

    def _first_level(self, queue: asyncio.Queue[Any]) -> None:
        known, now = getattr(queue, MARK, None), self._now()
        row = self.row_of(queue, self._callers.site()) if known is None else int(known)
        with self._lock:
            self._last_levels[id(queue)] = now, len(self._level_values)
            self._level_resources.append(row)
            self._level_times.append(now - self._origin())
            self._level_values.append(queue.qsize())

    def _lock_woke(self, lock: asyncio.Lock) -> None:
        if not lock.locked():
            self.released(lock)

    def _condition_made(self, condition: Any, lock: asyncio.Lock | None = None) -> None:
        """A condition's own lock goes by the condition's name; one that it was given keeps its own."""
        if isinstance(_caller_self(), asyncio.Barrier):
            self._mark(condition._lock, INNER)
            self._mark(condition, INNER)
        elif lock is None:
            self._mark(condition._lock, self.row_of(condition, self._callers.site()))


def _caller_self() -> object:
    """The `self` of whoever called the replaced function: asyncio builds some of its classes from others."""
    frame = sys._getframe(4)
    return frame.f_locals.get("self") if frame.f_code.co_filename in _ASYNCIO_FILES else None


def _noting_request(original: Callable[..., Any], note: Callable[[Any, Any], None]) -> Callable[..., Any]:
    @wraps(original)
    def acquire(self: Any) -> Any:
        coroutine = original(self)
        note(self, coroutine)
        return coroutine

    return inspect.markcoroutinefunction(acquire) if hasattr(inspect, "markcoroutinefunction") else acquire


def _calling_after(original: Callable[..., Any], note: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def replaced(*args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        note(*args, **kwargs)

    return replaced


def _limit(thing: Any) -> int:
    if isinstance(thing, asyncio.Semaphore):
        return int(getattr(thing, "_bound_value", thing._value))
    if isinstance(thing, asyncio.Queue):
        return int(thing.maxsize) if thing.maxsize > 0 else NONE
    if isinstance(thing, asyncio.Barrier):
        return thing.parties
    return 1 if isinstance(thing, asyncio.Lock | asyncio.Condition) else NONE
