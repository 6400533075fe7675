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
from _thread import RLock
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Coroutine
from functools import wraps
from itertools import chain
from typing import TYPE_CHECKING, Any

from asyncdemo.recorder.awaits import MARK
from asyncdemo.recorder.holds import HoldRows
from asyncdemo.recorder.sites import Callers, SiteBook, Strings
from asyncdemo.recorder.tables import ALL, columns, view
from asyncdemo.trace import NONE, Holds, Levels, Resources

if TYPE_CHECKING:
    from asyncdemo.recorder.hooks import Hooks
    from asyncdemo.recorder.loops import LoopRecorder


_ASYNCIO_FILES = (asyncio.locks.__file__, asyncio.queues.__file__)


MADE_WITH: weakref.WeakKeyDictionary[asyncio.Semaphore, int] = weakref.WeakKeyDictionary()
"""How many slots the semaphores had that were made when a recording was about to come."""
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
        self._marked: dict[int, list[weakref.ref[Any]]] = {}
        self._gone: dict[int, int] = {}
        """Resources that are no more, and how often they were looked for since."""
        self._spare: dict[str, deque[int]] = {}
        """By kind the rows that stand for nothing any more."""
        self._lock = RLock()
        self._open: dict[int, list[int]] = {}
        self.holds = HoldRows()
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
        for reference in chain.from_iterable(self._marked.values()):
            thing = reference()
            if thing is not None:
                vars(thing).pop(MARK, None)

    def _released_first(self, semaphore: asyncio.Semaphore) -> int:
        """The row of a semaphore that was given a slot before any was taken: its limit is what it had before."""
        limit = MADE_WITH.get(semaphore, getattr(semaphore, "_bound_value", semaphore._value - 1))
        with self._lock:
            return self._add(semaphore, self._callers.site(), limit)

    def _add(self, thing: Any, site: int, limit: int) -> int:
        kind = type(thing).__name__
        if self._spare.get(kind):
            row = self._spare[kind].popleft()
            self.rows[row] = (*self.rows[row][:2], limit, site)
            self._mark(thing, row)
            return row
        number = self._of_kind[kind] = self._of_kind.get(kind, 0) + 1
        row = len(self.rows)
        name = kind if number == 1 else f"{kind} {number}"
        self._names.append(name)
        self.rows.append((self._strings.intern(kind), self._strings.intern(name), limit, site))
        self._mark(thing, row)
        return row

    def _mark(self, thing: Any, row: int) -> None:
        setattr(thing, MARK, row)
        self._marked.setdefault(row, []).append(weakref.ref(thing))

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
        if loop is not None and loop.is_outside():  # what it gives back was not seen to be taken
            return
        task = loop.task if loop is not None else NONE
        now = self._now()
        if loop is not None and task in loop.watch:
            self.settle(loop, task, now)
        resource = getattr(thing, MARK, None)
        if resource is None and isinstance(thing, asyncio.Semaphore):
            resource = self._released_first(thing)
        if resource is not None and isinstance(thing, asyncio.Semaphore):
            self._check_slots(thing, resource, task)
        with self.holds.lock:
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
        with self.holds.lock:
            row = self.holds.add(request.resource, task, request.asked_ns - origin, from_ns - origin, request.site)
            self._open.setdefault(request.resource, []).append(row)

    def forget_before(self, before_ns: int) -> set[int]:
        """Lets go of the holds and levels that were over before this time, which counts from the origin.

        Returns:
            The tasks that hold something now.
        """
        with self._lock:
            over = bisect_left(self._level_times, before_ns)
            for column in (self._level_times, self._level_resources, self._level_values):
                del column[:over]
            self._last_levels.clear()  # they tell places in what has moved
        with self.holds.lock:
            still_held = {row for rows in self._open.values() for row in rows}
            kept = [row for row, end in enumerate(self.holds.to_ns) if row in still_held or end >= before_ns]
            places = {row: place for place, row in enumerate(kept)}
            self.holds.keep(kept)
            self._open = {resource: [places[row] for row in rows] for resource, rows in self._open.items() if rows}
            return {self.holds.task[places[row]] for row in still_held}

    def forget_gone(self, looks: int) -> list[int]:
        """Frees the rows of the resources that have been no more in so many looks, this one included; returns them."""
        with self._lock, self.holds.lock:
            self._marked[INNER] = [each for each in self._marked.get(INNER, ()) if each() is not None]
            used = {*self.holds.resource, *self._level_resources}
            gone = {row for row, each in self._marked.items() if row != INNER and not any(one() for one in each)}
            self._gone = {row: self._gone.get(row, 0) + 1 for row in gone - used}
            freed = [row for row, seen in self._gone.items() if seen >= looks]
            for row in freed:
                del self._gone[row], self._marked[row]
                self._open.pop(row, None)
                self._spare.setdefault(self._strings.texts[self.rows[row][0]], deque()).append(row)
        return freed

    # Reading

    def tables(self, end_ns: int) -> tuple[Resources, Holds, Levels]:
        """The resources, holds and levels so far; open holds end at `end_ns`, which counts from the origin."""
        still_held = [row for rows in list(self._open.values()) for row in list(rows)]
        levels = self.levels()
        return self.table(), self.holds.table(still_held, end_ns), levels

    def table(self, rows: slice = ALL) -> Resources:
        """The resources so far, or these of them."""
        return Resources(*columns("iiii", self.rows[rows]))

    def levels(self, rows: slice = ALL) -> Levels:
        """The levels so far, or these of them."""
        with self._lock:
            found = self._level_resources[rows], self._level_times[rows], array("i", self._level_values[rows])
        return Levels(*map(view, found))

    def settled_levels(self) -> int:
        """How many levels cannot be corrected any more."""
        return bisect_left(self._level_times, self._now() - self._origin() - self._burst_ns)

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
            if last is not None and now() - last[0] < burst_ns and last[1] < len(levels):
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
        if thing in MADE_WITH:
            return MADE_WITH[thing]
        return int(getattr(thing, "_bound_value", thing._value))
    if isinstance(thing, asyncio.Queue):
        return int(thing.maxsize) if thing.maxsize > 0 else NONE
    if isinstance(thing, asyncio.Barrier):
        return thing.parties
    return 1 if isinstance(thing, asyncio.Lock | asyncio.Condition) else NONE
