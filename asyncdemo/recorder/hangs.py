"""The moment from which on nothing can ever happen: no step, no timer, no socket, no signal and no thread to come.

A watcher's thread asks, once all loops have been idle for a while. What it cannot see through it takes for something
that may still happen: a program is only said to hang when that is certain.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from asyncdemo.recorder.chains import chain, code_of, frame_of
from asyncdemo.recorder.clock import VirtualClock
from asyncdemo.recorder.loops import LoopRecorder, recorder_of
from asyncdemo.recorder.tables import ALL, columns
from asyncdemo.ticker import Ticker
from asyncdemo.trace import NONE, Hangs

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder

LOOK_S = 0.1
QUIET_S = 0.3
"""So long all loops have to be idle before it is asked whether anything can happen."""
LONGEST_REST_S = 5.0

_JOIN = asyncio.Queue.join.__code__
_HARMLESS = frozenset(
    {"FileSystemEvent", "Handle", "LruCache", "Server", "TimerHandle", "UVAsync", "UVCheck", "UVIdle", "Loop"}
)
"""uvloop's types of which an instance brings nothing about by itself."""
_KNOWN_HANDLERS = ("asyncdemo.", "asyncio.runners")


class HangBook:
    """The hangs of a recording.

    Args:
        watched: whether to watch for them at all.
        on_hang: told in the watcher's thread, once, that the program hangs; None when nobody wants to know.
    """

    def __init__(self, recorder: Recorder, *, watched: bool, on_hang: Callable[[], object] | None) -> None:
        self._recorder = recorder
        self._watched = watched
        self._on_hang = on_hang
        self._rows: list[tuple[int, int, int, int]] = []
        self._ticker = Ticker(LOOK_S, self._look, LOOK_S)
        self._quiet = (0.0, 0)
        self._rest_s = QUIET_S

    def start(self) -> None:
        """Begins to watch."""
        clock = self._recorder.clock
        if not self._watched:
            return
        if isinstance(clock, VirtualClock):
            clock.on_hang = self._recorder.guarded(self.note)
        else:
            self._ticker.start()

    def stop(self) -> None:
        """Watches no longer."""
        self._ticker.stop()
        if isinstance(self._recorder.clock, VirtualClock):
            self._recorder.clock.on_hang = None

    def note(self) -> None:
        """Notes what every suspended task waits for, now that nothing can happen any more."""
        recorder = self._recorder
        rows = {step.row: step for step in list(recorder.tasks.steps.values())}
        waiting = recorder.pending.waits(all_names=True)
        last = max((step.since for row, step in rows.items() if row in waiting), default=0.0)
        joined = dict(self._joined())
        t_ns = round(last * 1e9)
        self._rows += [(t_ns, row, wait, joined.get(row, NONE)) for row, wait in sorted(waiting.items())]

    def __bool__(self) -> bool:
        """Whether the program has come to hang."""
        return bool(self._rows)

    def table(self, origin_ns: int, rows: slice = ALL) -> Hangs:
        """The hangs so far, or these of them, with times from `origin_ns`."""
        return Hangs(*columns("qiii", [(t_ns - origin_ns, *rest) for t_ns, *rest in self._rows[rows]]))

    def _joined(self) -> Iterator[tuple[int, int]]:
        """The tasks that join a queue, and how many of its items are unfinished."""
        for loop in self._loops():
            for task in asyncio.all_tasks(loop):
                links, _ = chain(task.get_coro())
                frame = next((frame_of(each) for each in links if code_of(each) is _JOIN), None)
                if frame is not None:
                    yield self._recorder.tasks.row_of(task), frame.f_locals["self"]._unfinished_tasks

    def _loops(self) -> list[Any]:
        found = [reference() for reference in list(self._recorder.seen_loops)]
        return [loop for loop in found if loop is not None and not loop.is_closed()]

    # Watching

    def _look(self) -> None:
        """Looks whether all loops have been idle for so long that it is worth asking what can still happen."""
        recorder, now = self._recorder, self._recorder.clock.seconds()
        loops = [loop for loop in self._loops() if loop.is_running()]
        known = [each for each in map(recorder_of, loops) if each is not None]
        if not known or recorder.trio.running() is not None or any(each.busy for each in known):
            self._quiet = (now, NONE)
            return
        steps = sum(map(len, known))
        if steps != self._quiet[1]:
            self._quiet, self._rest_s = (now, steps), QUIET_S
        elif now - self._quiet[0] >= self._rest_s:
            if any(map(_may_act, loops)) or self._others_may_act(known) or sum(map(len, known)) != steps:
                self._rest_s = min(self._rest_s * 2, self._rest_s + LONGEST_REST_S)
            else:
                self._hangs()

    def _hangs(self) -> None:
        self.note()
        self._quiet, self._rest_s = (self._quiet[0], self._quiet[1]), float("inf")
        if self._rows and self._on_hang is not None:
            self._on_hang()

    def _others_may_act(self, known: list[LoopRecorder]) -> bool:
        """Whether a thread, a process or a signal may hand a loop something to do."""
        recorder = self._recorder
        if recorder.workers.busy() or _handles_signals():
            return True
        quiet = {each.ident for each in known}
        return any(thread.ident not in quiet and not _is_idle_worker(thread) for thread in threading.enumerate()) or (
            _has_unknown_threads()
        )


def _may_act(loop: Any) -> bool:
    """Whether something that a loop waits for can happen by itself."""
    if type(loop).__module__.startswith("uvloop"):
        return _uvloop_may_act()
    if not isinstance(loop, asyncio.SelectorEventLoop):
        return True
    own = loop._ssock.fileno()  # type: ignore[attr-defined]
    timers = [timer for timer in list(loop._scheduled) if not timer.cancelled()]  # type: ignore[attr-defined]
    sockets = [key for key in list(loop._selector.get_map().values()) if key.fd != own]  # type: ignore[attr-defined]
    return bool(timers or sockets or loop._ready)  # type: ignore[attr-defined]


def _uvloop_may_act() -> bool:
    """The same for uvloop, whose insides are compiled: its handles are found among all objects."""
    kinds = Counter(type(each).__name__ for each in gc.get_objects() if type(each).__module__ == "uvloop.loop")
    loops = kinds.pop("UVAsync", 1)
    polls = kinds.pop("UVPoll", 0)  # each loop has one, through which signals come
    return polls > loops or any(name not in _HARMLESS and not name.startswith("__pyx") for name in kinds)


def _handles_signals() -> bool:
    """Whether the program has a handler for a signal, whatever that would do."""
    for number in signal.valid_signals():
        with suppress(ValueError, OSError):
            handler = signal.getsignal(number)
            if callable(handler) and handler is not signal.default_int_handler:
                function = getattr(handler, "func", handler)
                if not str(getattr(function, "__module__", "")).startswith(_KNOWN_HANDLERS):
                    return True
    return False


def _is_idle_worker(thread: threading.Thread) -> bool:
    """Whether a thread belongs to an executor of `concurrent.futures`; whether one is busy is known from its jobs."""
    target = getattr(thread, "_target", None)
    module = str(getattr(target, "__module__", "") or type(thread).__module__)
    return module.startswith("concurrent.futures")


def _has_unknown_threads() -> bool:
    """Whether there are threads that Python knows nothing of; uvloop's own, which only resolve names, are idle."""
    if not os.path.isdir("/proc/self/task"):
        return False
    unknown = len(os.listdir("/proc/self/task")) - len(sys._current_frames())
    return unknown > (4 if "uvloop" in sys.modules else 0)
