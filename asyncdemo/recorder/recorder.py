"""The recorder: watches the asyncio programs of this process from `start` to `stop`, and gives their trace."""

from __future__ import annotations

import asyncio
import datetime
import functools
import os
import threading
import weakref
from _thread import get_ident
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TextIO

from asyncdemo.errors import AsyncdemoError
from asyncdemo.recorder.adopting import adopt
from asyncdemo.recorder.asyncio_loops import install as observe_asyncio
from asyncdemo.recorder.asyncio_loops import unwatch_factory, watch_factory
from asyncdemo.recorder.awaits import WaitBook
from asyncdemo.recorder.births import Births
from asyncdemo.recorder.cancels import CancelBook
from asyncdemo.recorder.clock import SECOND, RealClock, VirtualClock, nanoseconds
from asyncdemo.recorder.coroutines import CoroutineBook
from asyncdemo.recorder.forgetting import ForgetfulRows, Forgetting
from asyncdemo.recorder.hangs import HangBook
from asyncdemo.recorder.hooks import Hooks
from asyncdemo.recorder.library_futures import install as mark_library_futures
from asyncdemo.recorder.loops import LoopRecorder, mark, recorder_of
from asyncdemo.recorder.losses import LossBook
from asyncdemo.recorder.output import OutputBook
from asyncdemo.recorder.pending import PendingTasks
from asyncdemo.recorder.reader import Reader, UnderWay
from asyncdemo.recorder.resources import Request, ResourceBook
from asyncdemo.recorder.saving import Saver
from asyncdemo.recorder.scope import WHOLE, Scope
from asyncdemo.recorder.sites import Callers, SiteBook, Strings, name_code
from asyncdemo.recorder.stacks import install as show_own_stacks
from asyncdemo.recorder.stalls import StallBook
from asyncdemo.recorder.steps import run_step
from asyncdemo.recorder.tables import StepBudget, TaskRows
from asyncdemo.recorder.timeouts import TimeoutBook
from asyncdemo.recorder.trio_runs import TrioBook
from asyncdemo.recorder.uvloop_loops import install as observe_uvloop
from asyncdemo.recorder.workers import WorkerBook
from asyncdemo.ticker import is_hidden
from asyncdemo.trace import NONE, Trace, Wait

BRIEF_NS = 100_000
"""Waits shorter than this are not looked into: looking takes a few microseconds."""
BURST_NS = 20_000
STALL_NS = 50_000_000
PAUSE_NS = 1_000_000

_active: Recorder | None = None


def active() -> Recorder | None:
    """The recorder that is at work in this process, or None."""
    return _active


class Recorder:
    """Records every event loop of the process.

    Args:
        clock: the time that the recording is in.
        hold_output: whether what the program prints is kept from the terminal.
        meta: what the trace is to say about itself, in values that JSON can hold.
        wanted: whether anybody will read the trace in the end; when not, `stop` gives an empty one at no cost.
        mask: hides in a text, such as a printed line, what must not be kept; None keeps all.
        scope: what is recorded; None for all.
        watch_output: whether what the program prints is recorded.
        gives_way: whether it ends when somebody else begins to record, who would be refused otherwise.
        closely: whether to note what only a diagnosis needs, and what costs a little: where each coroutine was made,
            all lines of the program's that led to a wait, and the moment from which on nothing can ever happen.
        on_hang: told once, from a thread of the recorder's, that this moment has come in real time, or None.
        saved_to: the file that the recording will be saved to, to save it while it goes on, see `saver`; or None.

    Attributes:
        fault: one sentence when the recorder had to switch itself off, else None.
        trace: what was recorded, once the recording has ended, else None.
        screen: where to draw while output is held, else None.
        heirs: for each task that was asked to be left out the recorded one, or `NONE`, on whose behalf it makes others.
        forked_from: what `multiprocessing` called the process of which this is a child by `os.fork`, or None.
        holds_output: whether what the program prints is kept from the terminal.
        saver: what does so.
        apart: gives what is not in what is saved while it goes on, as `Trace.lost` has it.
        when_loop: called with the first loop's recorder in that loop's thread, or None.
    """

    def __init__(
        self,
        *,
        clock: RealClock | VirtualClock | None = None,
        hold_output: bool = False,
        meta: Mapping[str, Any] | None = None,
        wanted: bool = True,
        mask: Callable[[str], str] | None = None,
        scope: Scope = WHOLE,
        watch_output: bool = True,
        gives_way: bool = False,
        closely: bool = False,
        on_hang: Callable[[], object] | None = None,
        saved_to: str | os.PathLike[str] | None = None,
    ) -> None:
        self.gives_way = gives_way
        self.clock = clock or RealClock()
        self.now = self.clock.now_ns
        self.fault: str | None = None
        real = self.clock.name == "real"
        self.brief_ns, self.burst_ns = (BRIEF_NS, BURST_NS) if real else (0, 0)
        self.stall_ns, self.pause_ns = STALL_NS, PAUSE_NS
        self.scope = scope
        self.budget = StepBudget(scope.max_steps)
        self.heirs: weakref.WeakKeyDictionary[asyncio.Task[Any], int] = weakref.WeakKeyDictionary()
        self.when_loop: Callable[[], None] | None = None
        self.forked_from: str | None = None
        self.apart: Callable[[], dict[str, int]] = dict
        self.holds_output = hold_output
        self.births = Births(self)
        self.hooks = Hooks()
        self.tasks = TaskRows() if scope.max_steps is None else ForgetfulRows()
        self.forgetting = Forgetting(self)
        self.budget.forget = self.guarded(self.forgetting.forget)
        self.strings = Strings(mask)
        self.sites = SiteBook(self.strings)
        self.callers = Callers(self.sites)
        self.timeouts = TimeoutBook(self.sites, self.tasks, self.now, self.running_task)
        self.cancels = CancelBook(self.sites, self.timeouts)
        self.coroutines = CoroutineBook(self.strings, self.sites, self.tasks, scope)
        self.waits = WaitBook(self.strings, self.sites, self.tasks, closely=closely)
        self.losses = LossBook(self, closely=closely)
        self.hangs = HangBook(self, watched=closely, on_hang=on_hang)
        self.resources = ResourceBook(
            self.strings, self.sites, self.running, self.now, self.origin, self.burst_ns, self.losses.stray_release
        )
        self.workers = WorkerBook(self)
        self.stalls = StallBook(self)
        self.trio = TrioBook(self)
        self.loops: list[LoopRecorder] = []
        self.output = OutputBook(self, hold=hold_output, watch=watch_output)
        self.seen_loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []
        self.pending = PendingTasks(self)
        self._reader = Reader(self)
        self.saver = Saver(self, self._reader, saved_to)
        self._lock = threading.RLock()
        self.meta = {**(meta or {}), **scope.described()}
        self._wanted, self._recording = wanted, False
        self.trace: Trace | None = None
        self.started_ns = self.now()  # a view may look before the recording begins

    # Recording

    def stand_by(self) -> None:
        """Notes what a recording that begins later could not find out, and holds back what is printed if it is to.

        Raises:
            AsyncdemoError: another recorder is at work in this process.
        """
        global _active
        if _active is not None and _active.gives_way:
            _active.stop()
        if _active is not None:
            raise AsyncdemoError(
                "A recording is under way already.\nA process can be recorded once at a time.\nStop the first."
            )
        _active = self
        self.sites.leave_out_launcher()
        if self.holds_output:
            self.output.start()
        self.births.install()

    def start(self) -> Self:
        """Begins to record.

        Raises:
            AsyncdemoError: another recorder is at work in this process.
        """
        if _active is not self:
            self.stand_by()
        self._recording = True
        self.births.restore()
        self.sites.add_entries(run_step)
        self.started_ns = self.now()
        self.waits.since_s = self.clock.seconds()
        self.meta["started"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        if not self.holds_output:
            self.output.start()
        observe_asyncio(self)
        observe_uvloop(self)
        mark_library_futures(self.hooks)
        show_own_stacks(self.hooks)
        self.resources.install(self.hooks, self.guarded)
        self.timeouts.install(self.hooks, self.guarded)
        self.workers.install()
        self.trio.install()
        self.losses.install()
        self.stalls.start()
        loop = asyncio._get_running_loop()
        if loop is not None and hasattr(type(loop).call_soon, "__wrapped__"):
            self.of_loop(loop)
        self.hangs.start()
        self.saver.start()
        return self

    def take_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Takes in a loop that runs in this thread, and its tasks, though another thread may have seen it first."""
        known = self.of_loop(loop)
        if self.trace is None and known.ident != get_ident():
            known.seen_in_its_thread()
            self.guarded(adopt)(known, loop)

    def close(self) -> None:
        """Ends the recording while the program goes on. What it prints stays held if it was."""
        if self.trace is None:
            self.meta["goes_on"] = True
            output = () if self.holds_output else (self.output.stop,)
            self._close((self.stalls.stop, self.trio.stop, self.hooks.restore, *output, self._forget_marks))

    def stop(self) -> Trace:
        """Ends the recording and returns what was recorded. Stopping again returns the same trace."""
        if self.trace is None:
            parts = (self.stalls.stop, self.trio.stop, self.hooks.restore, self.output.stop, self._forget_marks)
            return self._close(parts)
        if self.output.is_watching:
            self.guarded(self.output.stop)()
            lines, strings = self.output.table(self.origin()), tuple(self.strings.texts)
            self.trace = replace(self.trace, lines=lines, strings=strings)
        return self.trace

    def _close(self, parts: Sequence[Callable[[], None]]) -> Trace:
        global _active
        self.guarded(self.saver.stop)()
        end_ns = self.now()
        under_way = self._reader.under_way()
        self.guarded(self._note_stalls)(under_way, end_ns / SECOND)
        try:
            waiting = self.pending.waits(all_names=True)
            self.tasks.unheeded |= self.pending.unheeded()
        except Exception as fault:
            self.fail(fault)
            waiting = {}
        for part in (self.births.restore, self.hangs.stop, self.losses.stop, *parts):
            self.guarded(part)()
        self._recording, _active = False, None
        reader = self._reader
        self.trace = reader.whole(under_way, end_ns, waiting) if self._wanted else Trace(meta=reader.described())
        return self.trace

    @staticmethod
    def under_way() -> bool:
        """Whether this process is being recorded, by a recorder that does not give way."""
        return _active is not None and not _active.gives_way

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def abandon(self) -> None:
        """In a forked child, lets go of what the parent records: nothing is recorded any more.

        What the parent holds of the output stays held: it is the parent that shows it.
        """
        global _active
        unhook = (self.births.restore, self.hooks.restore, self.output.unwatch, self._forget_marks)
        for part in (self.stalls.stop, self.trio.stop, *unhook):
            self.guarded(part)()
        _active = None

    @property
    def screen(self) -> TextIO | None:
        """Where a view can draw while the program's output is held."""
        return self.output.screen

    def fail(self, fault: BaseException) -> None:
        """Switches the recorder off: a fault in it must not become the program's."""
        if self.fault is None:
            self.fault = f"recording stopped: {type(fault).__name__}: {fault}"
            self.hooks.restore()

    def guarded(self, function: Callable[..., None]) -> Callable[..., None]:
        """`function`, with its own faults kept from whoever calls it."""

        @functools.wraps(function)
        def guard(*args: Any, **options: Any) -> None:
            try:
                function(*args, **options)
            except Exception as fault:
                self.fail(fault)

        return guard

    def _note_stalls(self, under_way: Sequence[UnderWay], end: float) -> None:
        """The steps that are under way may have held their loops up, as those that are over."""
        for number, _, start, task, *_ in under_way:
            if end - start > self.loops[number].stall:
                self.loops[number].stalled(start, end, task)

    def _forget_marks(self) -> None:
        self.resources.forget()
        for each in self.loops:
            if each.first_turn is not None:
                each.first_turn.end()
        for reference in self.seen_loops:
            loop = reference()
            if loop is None:
                continue
            mark(loop, None)
            unwatch_factory(loop)

    # What the parts ask

    def of_loop(self, loop: Any) -> LoopRecorder:
        """The recorder of `loop`; a new one the first time that it is seen."""
        known = recorder_of(loop)
        if known is None:
            if self.when_loop is not None and not self.loops:
                self.guarded(self.when_loop)()
            known = self._meet(loop)
        return known

    def _meet(self, loop: Any) -> LoopRecorder:
        """A recorder for a loop that is not known yet.

        The garbage collector may strike at any point and come here too, so the lock can be taken twice, and what was
        made meanwhile counts.
        """
        with self._lock:
            made = LoopRecorder(self, len(self.loops), loop)
            known = recorder_of(loop)
            if known is not None:
                return known
            mark(loop, made)
            self.loops.append(made)
            made.number = self.loops.index(made)
            self.seen_loops.append(weakref.ref(loop))
        self.losses.track_origins()
        self.stalls.meet(made)
        self.guarded(adopt)(made, loop)
        self.guarded(watch_factory)(loop)
        return made

    def running(self) -> LoopRecorder | None:
        """The recorder of the loop that runs in this thread, or None; always None before and after the recording."""
        if not self._recording:
            return None
        trio = self.trio.running()
        if trio is not None:
            return trio
        loop = asyncio._get_running_loop()
        return None if loop is None else self.of_loop(loop)

    def running_task(self) -> int:
        """The task on whose behalf this thread acts, or `NONE`."""
        loop = self.running()
        return loop.task if loop is not None else NONE

    def thread_origin(self) -> int:
        """String: the program's thread, when what happens is outside the main thread and every loop; else `NONE`."""
        if self.running() is not None or get_ident() == threading.main_thread().ident or is_hidden():
            return NONE
        thread = threading._active.get(get_ident())  # type: ignore[attr-defined]
        return self.strings.intern(f"thread {thread.name}" if thread is not None else "thread")

    def origin(self) -> int:
        """The recorder's time that the trace's times count from."""
        first = self.tasks.first_created
        return self.started_ns if first is None else nanoseconds(first)

    def moment(self, loop: asyncio.AbstractEventLoop, loop_time: float) -> float:
        """The recorder's time, in seconds, at a time of the loop's own clock."""
        return nanoseconds(self.clock.seconds() - (loop.time() - loop_time)) / SECOND

    def name_code(self, name: str) -> int:
        """How the table of tasks writes a task's name."""
        return name_code(name, self.strings.intern)

    def request_wait(self, request: Request) -> int:
        """The row of waits of a task that has asked for a lock or a slot."""
        name = self.resources.name(request.resource)
        kind = Wait.SEMAPHORE if "Semaphore" in name else Wait.LOCK
        return self.waits.row(kind, name, request.resource, NONE, request.site)

    # Reading

    def so_far(self) -> Trace:
        """What has been recorded so far, as a trace that stays what it is while the recording goes on."""
        return self._reader.so_far() if self.trace is None else self.trace

    def snapshot(
        self, cursor: tuple[int, ...] | None = None, most_steps: int | None = None, most_tasks: int | None = None
    ) -> tuple[Trace, tuple[int, ...]]:
        """What has been recorded so far, from any thread; see `Reader.snapshot`."""
        return self._reader.snapshot(cursor, most_steps, most_tasks)
