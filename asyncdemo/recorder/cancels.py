"""Requests to cancel: which suspended task was asked to end, when, by whom, and in which line of the program's."""

from __future__ import annotations

import asyncio
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from types import FrameType
from typing import Any

from asyncdemo.recorder.asyncio_names import ON_INTERRUPT, ON_TIMEOUT
from asyncdemo.recorder.chains import chain, code_of, frame_of, told_of
from asyncdemo.recorder.clock import nanoseconds
from asyncdemo.recorder.sites import Callers, SiteBook
from asyncdemo.recorder.tables import ALL, view
from asyncdemo.recorder.timeouts import TimeoutBook
from asyncdemo.trace import NONE, Actor, Cancels

_WAIT_FOR = asyncio.wait_for.__code__
_ASKING = {ON_INTERRUPT, ON_TIMEOUT} if sys.version_info >= (3, 12) else {ON_INTERRUPT, ON_TIMEOUT, _WAIT_FOR}


class CancelBook:
    """The requests of a recording, in the order in which they were seen.

    Args:
        sites: where lines are kept.
        timeouts: is told of those that are a time-out's.
    """

    def __init__(self, sites: SiteBook, timeouts: TimeoutBook) -> None:
        self._sites = sites
        self._timeouts = timeouts
        self._callers = Callers(sites)
        self._task, self._t_ns = array("i"), array("q")
        self._by, self._site = array("i"), array("i")
        self._counted: dict[int, int] = {}
        """How often each task had been asked, and had not taken it back, when it was last seen to be."""
        self._last: dict[int, float] = {}
        """When each task was last seen to be asked."""

    def who(self, actor: int) -> tuple[int, int]:
        """Who asks a task to end just now, and the site; `actor` is on whose behalf the loop acts."""
        frame = _asking()
        if frame is None:
            return actor, self._callers.site()
        if frame.f_code is ON_INTERRUPT:
            return Actor.SIGNAL, NONE
        if frame.f_code is _WAIT_FOR:
            site = self._callers.site()
            if not _ran_out(frame):
                return actor, site
            self._timeouts.waited_for(frame, site)
            return Actor.TIMER, site
        timeout = frame.f_locals["self"]
        site = self._limited(timeout._task)
        self._timeouts.ran_out(timeout, site)
        return Actor.TIMER, site

    def _limited(self, task: asyncio.Task[Any]) -> int:
        """The site of what a time-out limits: the line that calls `wait_for`, or the innermost one that awaits."""
        links, _ = chain(task.get_coro())
        codes = [code_of(link) for link in links]
        depths = range(codes.index(_WAIT_FOR) if _WAIT_FOR in codes else len(codes))
        told = told_of(codes, [depth for depth in depths if not self._sites.is_foreign(codes[depth])])
        frame = None if told is None else frame_of(links[told])
        return NONE if frame is None else self._sites.of_frame(frame)

    def asked(self, row: int, task: asyncio.Task[Any], awaited: int, since: float) -> bool:
        """Whether it is the task itself that was asked to end, and not only what it has awaited `since` then.

        A task counts the requests to it. Whether it has taken one back since the last time cannot be seen; then it
        tells whether the task that it awaited was asked while it was awaited.
        """
        count = task.cancelling()
        counted, self._counted[row] = self._counted.get(row, 0), count
        return count > counted or (count > 0 and (awaited < 0 or self._last.get(awaited, since) > since))

    def add(self, task: int, time: float, origin_ns: int, by: int, site: int) -> None:
        """Notes a request at `time`, in seconds of the recorder's clock."""
        self._last[task] = time
        self._t_ns.append(nanoseconds(time) - origin_ns)
        self._by.append(by)
        self._site.append(site)
        self._task.append(task)

    def forget(self, before_ns: int) -> None:
        """Lets go of the requests before this time, which counts from the origin."""
        over = bisect_left(self._t_ns, before_ns)
        for column in (self._task, self._t_ns, self._by, self._site):
            del column[:over]

    def forget_tasks(self, rows: Iterable[int]) -> None:
        """Lets go of what was counted for these tasks."""
        for row in rows:
            self._counted.pop(row, None)
            self._last.pop(row, None)

    def table(self, rows: slice = ALL) -> Cancels:
        """The requests so far, or these of them."""
        there = range(len(self._task))[rows]
        return Cancels(
            *(view(column[there.start : there.stop]) for column in (self._task, self._t_ns, self._by, self._site))
        )


def _asking() -> FrameType | None:
    """The frame of what asyncio does on Ctrl+C or when a time-out expires, if that is what asks."""
    frame = sys._getframe(2).f_back
    while frame is not None and frame.f_code not in _ASKING:
        frame = frame.f_back
    return frame


def _ran_out(wait_for: FrameType) -> bool:
    """Whether Python 3.11's `wait_for` cancels because the time is up, and not because it is cancelled itself."""
    waiter = wait_for.f_locals.get("waiter")
    return waiter is None or not waiter.cancelled()
