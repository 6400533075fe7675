"""What a suspended task waits for, read from its chain of awaits.

The innermost line of the program's own names the place. What is waited for is told by the innermost function below it
that is in the table of the libraries (`library_waits`), else by the first of asyncio's own coroutines below any other
line, which names the primitive, else by the future at the end of the chain.
"""

from __future__ import annotations

import asyncio
import asyncio.base_subprocess
import asyncio.locks
import asyncio.queues
import asyncio.streams
import asyncio.subprocess
import asyncio.tasks
import asyncio.threads
import sys
from _thread import RLock
from collections import deque
from collections.abc import Iterable
from functools import partial
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from asyncdemo.compiled import hot, numbers, objects
from asyncdemo.recorder.chains import chain, code_of, frame_of, told_of
from asyncdemo.recorder.library_waits import library_wait
from asyncdemo.recorder.sites import SiteBook, Strings, is_installed
from asyncdemo.recorder.tables import ALL, appended, columns
from asyncdemo.trace import NONE, Actor, Frames, Wait, Waits

if TYPE_CHECKING:
    from asyncdemo.recorder.resources import ResourceBook
    from asyncdemo.recorder.tables import TaskRows

BRIEF = 0
YIELD = 1
"""Rows that every table of waits begins with."""

LOOKING_S = 0.005
"""Looking into what tasks wait for may always take this long in all ..."""
LOOKING_SHARE = 100
""" ... and then one part in this many of the time."""

MARK = "_asyncdemo"
"""The attribute by which a loop, a resource or a library's future carries what is known of it while it is recorded."""

_tasks: Any = asyncio.tasks
_streams: Any = asyncio.streams
_subprocesses: Any = asyncio.base_subprocess

_PRIMITIVES: dict[CodeType, tuple[Wait, str]] = {
    function.__code__: (kind, on)
    for function, kind, on in (
        (asyncio.tasks.sleep, Wait.SLEEP, "sleep"),
        (_tasks._wait, Wait.TASK, "tasks"),
        (asyncio.taskgroups.TaskGroup.__aexit__, Wait.TASK, "tasks"),
        (asyncio.locks.Lock.acquire, Wait.LOCK, ""),
        (asyncio.locks.Semaphore.acquire, Wait.SEMAPHORE, ""),
        (asyncio.locks.Condition.wait, Wait.CONDITION, ""),
        (asyncio.locks.Event.wait, Wait.EVENT, ""),
        (asyncio.locks.Barrier.wait, Wait.BARRIER, ""),
        (asyncio.queues.Queue.get, Wait.QUEUE_GET, ".get"),
        (asyncio.queues.Queue.put, Wait.QUEUE_PUT, ".put"),
        (asyncio.queues.Queue.join, Wait.QUEUE_JOIN, ".join"),
        *([] if sys.version_info >= (3, 12) else [(asyncio.tasks.wait_for, Wait.TASK, "task")]),
        (_tasks._cancel_and_wait, Wait.TASK, "task"),
        (asyncio.threads.to_thread, Wait.THREAD, "thread"),
        (_streams.StreamReader._wait_for_data, Wait.NETWORK, "socket"),
        (_streams.FlowControlMixin._drain_helper, Wait.NETWORK, "socket"),
        (asyncio.subprocess.Process.wait, Wait.SUBPROCESS, "process exit"),
        (_subprocesses.BaseSubprocessTransport._wait, Wait.SUBPROCESS, "process exit"),
    )
}
_RESOURCE_WAITS = frozenset(
    {Wait.LOCK, Wait.SEMAPHORE, Wait.CONDITION, Wait.EVENT, Wait.BARRIER}
    | {Wait.QUEUE_GET, Wait.QUEUE_PUT, Wait.QUEUE_JOIN}
)


_BY_WAKER: dict[int, tuple[Wait, str]] = {
    int(Actor.NETWORK): (Wait.NETWORK, "socket"),
    int(Actor.THREAD): (Wait.THREAD, "thread"),
    int(Actor.PROCESS): (Wait.PROCESS, "process"),
    int(Actor.TIMER): (Wait.FUTURE, "timer"),
}
ANY_TASK = 0
"""Stands for whichever task ended a wait."""


class WaitBook(numbers(object, closed_until_s=float, unseen_waits=int)):  # type: ignore[misc]
    """Interned reasons to wait.

    Args:
        closely: whether to note all lines of the program's own that led to a wait, and not only the innermost.

    Attributes:
        since_s: when looking began.
        closed_until_s: until when nobody looks, for looking has taken its share of the time before that.
        unseen_waits: how many were not looked at.
        unseen_rows: by who ended the wait.
        shortcuts: where what is compiled remembers the waits that a chain of awaits alone tells; it needs no time to
            look at those.
    """

    __slots__ = objects(
        *("_closely", "_frames", "_free", "_index", "_lock", "_on", "_rows", "_shapes", "_sites", "_spent_s"),
        *("_strings", "_tasks", "_weight", "shortcuts", "since_s", "unseen_rows"),
    )
    closed_until_s: float
    unseen_waits: int

    def __init__(self, strings: Strings, sites: SiteBook, tasks: TaskRows, *, closely: bool = False) -> None:
        self._strings = strings
        self._sites = sites
        self._tasks = tasks
        self._rows: list[tuple[int, int, int, int, int, int]] = []
        self._index: dict[tuple[int, int, int, int, int, int], int] = {}
        self._closely = closely
        self._frames: dict[tuple[int, int], int] = {}
        self._shapes: dict[tuple[int, ...], _Shape] = {}
        self.unseen_rows: dict[int, int] = {}
        self._on: dict[tuple[int, int], list[int]] = {}
        """By resource and task the rows of the waits for them."""
        self._free: deque[int] = deque()
        """Rows that stand for nothing any more."""
        self._lock = RLock()
        self._spent_s = 0.0
        self._weight = 0.1 if closely else 1.0
        """How much of the time that looking took counts: a diagnosis may look ten times as long."""
        self.since_s = self.closed_until_s = 0.0
        self.shortcuts = bytearray(hot.SHORTCUTS if hot else 0)
        self.unseen_waits = 0
        self.row(Wait.BRIEF, "")
        self.row(Wait.YIELD, "")

    def row(
        self, kind: Wait, on: str, resource: int = NONE, task: int = NONE, site: int = NONE, frame: int = NONE
    ) -> int:
        """The row of this reason."""
        key = (int(kind), self._strings.intern(on), resource, task, site, frame)
        index = self._index.get(key)
        if index is None:
            with self._lock:
                index = self._index[key] = self._add(key)
                if resource != NONE or task != NONE:
                    self._on.setdefault((resource, task), []).append(index)
        return index

    def _add(self, key: tuple[int, int, int, int, int, int]) -> int:
        if self._free:
            index = self._free.popleft()
            self._rows[index] = key
            return index
        return appended(self._rows, key)

    def forget(self, tasks: Iterable[int], resources: Iterable[int]) -> None:
        """Lets go of the waits for these tasks and resources."""
        with self._lock:
            for waited_for in (*((NONE, task) for task in tasks), *((resource, NONE) for resource in resources)):
                for index in self._on.pop(waited_for, ()):
                    del self._index[self._rows[index]]
                    self._free.append(index)

    def read(self, task: asyncio.Task[Any], waker: int, future: Any, resources: ResourceBook) -> int:
        """The row of what `task`, suspended now, waits for.

        Args:
            task: a task that is not running.
            waker: who has just made it ready, or `Actor.UNKNOWN` when it still waits.
            future: what it is suspended on.
            resources: finds the row of a lock, a queue and so on.
        """
        links, code_ids = chain(task.get_coro())
        key = tuple(code_ids)
        shape = self._shapes.get(key) or self._new_shape(key, links)
        frame = None if shape.own is None else frame_of(links[shape.own])
        where: Any = NONE if frame is None else frame.f_lasti
        if self._closely:
            where = tuple([each.f_lasti for depth in shape.owns if (each := frame_of(links[depth])) is not None])
        place = shape.places.get(where) or self._new_place(shape, where, frame, links)
        if place.row >= 0:
            if hot and not self._closely:
                hot.remember(self, links[0], len(links), NONE if shape.own is None else shape.own, place.row)
            return place.row
        if shape.meaning is None:
            return self._on_future(future, waker, place)
        kind, on = shape.meaning
        method = frame_of(links[shape.depth])
        resource = resources.row_of(None if method is None else method.f_locals.get("self"), place.site)
        return self.row(kind, resources.name(resource) + on, resource=resource, site=place.site, frame=place.frame)

    def _new_shape(self, key: tuple[int, ...], links: list[Any]) -> _Shape:
        codes = [code_of(link) for link in links]
        own = [depth for depth, code in enumerate(codes) if not self._sites.is_foreign(code)]
        shape = _Shape(codes, told_of(codes, own), own)
        shape.meaning = library_wait(links)
        if shape.meaning is None:
            shape.find_primitive(own[-1] + 1 if own else 0)
        # Known only when it is whole, as a place is below: a view's thread may be looking too.
        self._shapes[key] = shape
        return shape

    def _new_place(self, shape: _Shape, where: Any, frame: FrameType | None, links: list[Any]) -> _Place:
        site = NONE if frame is None else self._sites.of_frame(frame)
        place = _Place(site, self._frame(shape, links) if self._closely else NONE)
        if shape.meaning is not None and shape.depth == NONE:
            place.row = self.row(*shape.meaning, site=site, frame=place.frame)
        shape.places[where] = place
        return place

    def _frame(self, shape: _Shape, links: list[Any]) -> int:
        """The row of the innermost line of the program's own, and of those that led to it."""
        row = NONE
        for depth in shape.owns:
            frame = frame_of(links[depth])
            if frame is not None:
                row = self._frames.setdefault((self._sites.of_frame(frame), row), len(self._frames))
        return row

    def looked(self, took_s: float) -> None:
        """Notes how long a look took."""
        self._spent_s += took_s * self._weight
        if self._spent_s > LOOKING_S:
            self.closed_until_s = self.since_s + self._spent_s * LOOKING_SHARE

    def unseen(self, waker: int) -> int:
        """The row of a wait that was not looked at, for want of time: what its end tells of it."""
        self.unseen_waits += 1
        actor = waker if waker < 0 else ANY_TASK
        row = self.unseen_rows.get(actor)
        if row is None:
            kind, on = _BY_WAKER.get(actor) or (Wait.FUTURE, "future")
            row = self.unseen_rows[actor] = self.row(kind, on)
        return row

    def _on_future(self, future: Any, waker: int, place: _Place) -> int:
        row = partial(self.row, site=place.site, frame=place.frame)
        awaited = self._tasks.row_of(future)
        if awaited >= 0:
            return row(Wait.TASK, "task", task=awaited)
        answer = getattr(future, MARK, None)
        if answer is not None:
            return row(Wait.NETWORK, answer)
        children = () if type(future) is asyncio.Future else getattr(future, "_children", ())
        if any(isinstance(child, asyncio.Task) for child in children):
            return row(Wait.TASK, "tasks")
        known = None if future.cancelled() else _BY_WAKER.get(waker)
        kind, on = known or _pending_kind(children[0] if children else future)
        return row(kind, on)

    def table(self, rows: slice = ALL) -> Waits:
        """The reasons so far, or these of them, as a table of a trace."""
        return Waits(*columns("biiiii", self._rows[rows]))

    def frames(self, rows: slice = ALL) -> Frames:
        """Where coroutines of the program's own were suspended."""
        return Frames(*columns("ii", list(self._frames)[rows]))


if hot:
    hot.learn("waits", WaitBook)


class _Shape:
    """A chain of awaits as the functions in it make it: most of what it means is known once one task was seen in it."""

    __slots__ = ("codes", "depth", "meaning", "own", "owns", "places")

    def __init__(self, codes: list[CodeType], own: int | None, owns: list[int]) -> None:
        self.codes = codes
        """Kept, so that their identities stay theirs."""
        self.own = own
        """Depth of the function whose line is told, or None."""
        self.owns = [depth for depth in owns if not is_installed(codes[depth].co_filename)]
        """Depths of the functions of the program's own."""
        self.meaning: tuple[Wait, str] | None = None
        """What is waited for; None when only the future at the end of the chain can tell."""
        self.depth = NONE
        """Of the method of the resource that is waited for, or `NONE` when it is none."""
        self.places: dict[Any, _Place] = {}
        """By the instruction that the function whose line is told has come to, or by those of all of the program's."""

    def find_primitive(self, first: int) -> None:
        """Takes what it means from the first of asyncio's own coroutines from depth `first` on."""
        for depth in range(first, len(self.codes)):
            self.meaning = _primitive(self.codes[depth])
            if self.meaning is not None:
                self.depth = depth if self.meaning[0] in _RESOURCE_WAITS else NONE
                return


class _Place:
    """Where tasks suspend."""

    __slots__ = ("frame", "row", "site")

    def __init__(self, site: int, frame: int) -> None:
        self.site = site
        self.frame = frame
        self.row = NONE
        """Of the wait, when it is the same for every task here."""


def _primitive(code: CodeType) -> tuple[Wait, str] | None:
    """What asyncio's own coroutine waits for by its nature."""
    if code.co_filename.endswith(("selector_events.py", "proactor_events.py")):
        return Wait.NETWORK, "socket"
    return _PRIMITIVES.get(code)


def _pending_kind(future: Any) -> tuple[Wait, str]:
    """What a bare future that is still pending stands for, from whom it will tell."""
    for callback, _ in getattr(future, "_callbacks", None) or ():
        if getattr(callback, "__qualname__", "").startswith("_chain_future."):
            return Wait.THREAD, "thread"
    return Wait.FUTURE, "future"
