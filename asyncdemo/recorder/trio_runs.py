"""trio's runs under observation, through trio's own `Instrument` interface.

trio tells an instrument when a task is made, becomes ready, runs, gives up control and ends. How it ended trio does not
tell; that is seen where trio's runner is told.

trio is never imported here: it is watched as soon as the program imports it. A task's parent is the one whose nursery
it is in. The two tasks that every run has of its own are left out. Times are seconds as floats, as in `steps`.
"""

from __future__ import annotations

import functools
import sys
from _thread import get_ident
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from asyncdemo.errors import USAGE
from asyncdemo.recorder.awaits import BRIEF, YIELD
from asyncdemo.recorder.clock import VirtualClock
from asyncdemo.recorder.coroutines import UNWANTED
from asyncdemo.recorder.loops import LoopRecorder, _error_text
from asyncdemo.recorder.steps import NoStep
from asyncdemo.recorder.tables import END
from asyncdemo.recorder.trio_frames import TrioFrames
from asyncdemo.trace import NONE, Actor, Outcome

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder

_NETWORK, _TIMER, _PROGRAM = int(Actor.NETWORK), int(Actor.TIMER), int(Actor.PROGRAM)
_UNKNOWN = int(Actor.UNKNOWN)
_HIDDEN = {"Runner.init": _PROGRAM, "EntryQueue.task": int(Actor.THREAD)}
"""The tasks that every run has of its own, and on whose behalf each of them acts."""


class TrioBook:
    """The runs of trio in this process, each in a thread of its own."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._runs: dict[int, TrioRun] = {}
        """By thread."""

    def install(self) -> None:
        """Watches all runs of trio, as soon as the program imports it."""
        self._recorder.hooks.when_imported("trio", self._watch)

    def stop(self) -> None:
        """Watches no longer."""
        for run in self._runs.values():
            run.over = True

    def running(self) -> TrioRun | None:
        """The run of which something runs in this thread just now, or None."""
        run = self._runs.get(get_ident()) if self._runs else None
        return None if run is None or run.running is run.idle else run

    def waiting(self) -> dict[int, int]:
        """What each suspended task waits for: the row of the wait, by that of the task; from any thread."""
        return {row: wait for run in list(self._runs.values()) for row, wait in run.waiting()}

    def ended(self, run: TrioRun) -> None:
        """Forgets a run."""
        self._runs.pop(run.ident, None)

    def _watch(self, trio: ModuleType) -> None:
        inner = sys.modules["trio._core._run"]
        self._recorder.sites.add_entries(inner.unrolled_run)
        # All hooks share this code. Otherwise a Ctrl+C that comes while one runs would end the hook, not the program.
        trio.lowlevel.enable_ki_protection(_kept(TrioRun.task_scheduled))
        self._recorder.hooks.stand_in(inner, "setup_runner", self._setting_up(trio, inner.setup_runner))
        runner = inner.Runner
        self._recorder.hooks.stand_in(runner, "task_exited", self._exiting(runner.task_exited))

    def _setting_up(self, trio: ModuleType, original: Callable[..., Any]) -> Callable[..., Any]:
        """What prepares every run."""
        add = self._recorder.guarded(self._add)

        def setup_runner(*args: Any, **options: Any) -> Any:
            if isinstance(self._recorder.clock, VirtualClock):
                refuse(self._recorder.clock)
            runner = original(*args, **options)
            add(trio, runner)
            return runner

        return setup_runner

    def _add(self, trio: ModuleType, runner: Any) -> None:
        recorder = self._recorder
        with recorder._lock:
            run = TrioRun(recorder, len(recorder.loops), trio, runner)
            recorder.loops.append(run)
        self._runs[run.ident] = run
        trio.lowlevel.add_instrument(run)

    def _exiting(self, original: Callable[..., None]) -> Callable[..., None]:
        """What ends every task."""
        leaving = self._recorder.guarded(self._leaving)

        def task_exited(runner: Any, task: Any, outcome: Any) -> None:
            leaving(task, outcome)
            original(runner, task, outcome)

        return task_exited

    def _leaving(self, task: Any, outcome: Any) -> None:
        step = self._recorder.tasks.steps.get(id(task))
        if step is not None:
            step.error = getattr(outcome, "error", None)


def cancel_main(trio: ModuleType) -> None:
    """Cancels the main task of the run in this thread, which a Ctrl+C has asked for."""
    trio.lowlevel.current_root_task().child_nurseries[-1].cancel_scope.cancel()


def refuse(clock: VirtualClock) -> None:
    """Refuses to run trio in virtual time.

    Raises:
        AsyncdemoError: always (exit code 2).
    """
    clock.fail(
        "trio was to run in virtual time.\n"
        "It has a clock of its own, which does not follow asyncio's.\n"
        "Use --clock real; trio.testing.MockClock is trio's own virtual time.",
        USAGE,
    )


class _Step:
    """What is known of a task that has not ended; the names are those of `steps.Step`."""

    __slots__ = (
        "error",
        "found",
        "looked",
        "over",
        "ready",
        "row",
        "run",
        "scheduled",
        "since",
        "started",
        "task",
        "wait",
        "waker",
    )

    def __init__(self, run: TrioRun, row: int, task: Any, now: float, waker: int) -> None:
        self.run = run
        self.row = row
        self.task = task
        self.since = self.ready = now
        self.started: float = NONE
        self.wait = NONE
        self.waker = waker
        self.scheduled = True
        self.over = False
        self.error: BaseException | None = None
        self.looked: float = NONE
        self.found = NONE


class _NoLoop:
    def get_debug(self) -> bool:
        """All that a `LoopRecorder` asks of its loop when it is made."""
        return False


Hook = Callable[["TrioRun", Any], None]


def _kept(hook: Hook) -> Hook:
    """`hook` with its own faults kept from trio; it does nothing once the recording is over."""

    @functools.wraps(hook)
    def kept(run: TrioRun, about: Any) -> None:
        if run.over:
            return
        try:
            hook(run, about)
        except Exception as fault:
            run.over = True
            run.recorder.fail(fault)

    return kept


class TrioRun(LoopRecorder):
    """What is recorded of one run of trio, and the instrument that records it.

    `running` is the `_Step` whose task runs; between steps it is `idle`, whose `row` says who wakes tasks meanwhile.

    Attributes:
        over: whether the recording is.
    """

    __slots__ = ("_cancelled", "_clock", "_frames", "_hidden", "over")

    def __init__(self, recorder: Recorder, number: int, trio: ModuleType, runner: Any) -> None:
        super().__init__(recorder, number, _NoLoop())
        self.loop_class = f"{type(runner).__module__}.{type(runner).__qualname__}"
        self.over = False
        self._cancelled: type[BaseException] = trio.Cancelled
        self._clock = runner.clock
        self._frames = TrioFrames(trio, recorder.sites, recorder.waits)
        self._hidden: dict[int, NoStep] = {}
        """What stands for the tasks that are left out, by the identity of the task."""

    # What trio calls

    def after_run(self) -> None:
        """The run is over."""
        self.recorder.trio.ended(self)

    @_kept
    def before_io_wait(self, _: float) -> None:
        """From now on, the network wakes tasks ..."""
        self.idle.row = _NETWORK

    @_kept
    def after_io_wait(self, _: float) -> None:
        """... and now deadlines do."""
        self.idle.row = _TIMER

    @_kept
    def task_spawned(self, task: Any) -> None:
        """A task was made; trio schedules it next."""
        trios = self._frames.trios_name(getattr(task.coro, "cr_code", None))
        if trios in _HIDDEN:
            self._hidden[id(task)] = NoStep(_HIDDEN[trios])
            return
        now, spawner = self.time(), self.running.row
        coro, defined = self.coroutine(task.coro)
        if coro == UNWANTED:
            self._hidden[id(task)] = NoStep(_UNKNOWN)
            return
        parent = self._parent(task)
        site = self._frames.calling(sys._getframe(1), outside=spawner == _PROGRAM)
        row = self.add(now, coro, defined, parent, site, self.number)
        self.steps[id(task)] = _Step(self, row, task, now, spawner)
        self.recorder.tasks.names[row] = _name(task)

    def _parent(self, task: Any) -> int:
        """The task in whose nursery it is: if that is left out the one in whose nursery that is, and so on."""
        nursery, parent = task.parent_nursery, NONE
        while nursery is not None and parent == NONE:
            parent = self.recorder.tasks.row_of(nursery.parent_task)
            nursery = nursery.parent_task.parent_nursery
        return parent

    @_kept
    def task_scheduled(self, task: Any) -> None:
        """A task has become ready."""
        step = self.steps.get(id(task))
        if step is None or step.scheduled:
            return
        step.scheduled = True
        if step is self.running:
            step.wait, step.waker = YIELD, step.row
        else:
            self._woken(step)

    @_kept
    def before_task_step(self, task: Any) -> None:
        """A task is about to run."""
        step = self.steps.get(id(task))
        if step is None:
            step = self._hidden.get(id(task), self.idle)
        else:
            step.scheduled = False
            # What the next step has waited for may be told before this one is written down.
            self.cut = step.ready, step.wait, step.waker
        self.running = step
        self.busy_since = self.time()

    @_kept
    def after_task_step(self, task: Any) -> None:
        """A task has run, and given up control or ended."""
        step: Any = self.running
        self.running = self.idle
        if step.task is None:
            if self.noticed:
                self.callback_over()
            return
        start, end = self.busy_since, self.time()
        ready, wait, waker = self.cut or (start, NONE, NONE)
        self.cut = None
        self.append(ready, start, end, step.row, wait, waker)
        if step.started == NONE:
            step.started = start
        step.since = end
        if step.scheduled:
            step.ready = end
        if self.unusual:
            self.after_step(step.row, start)
        if end - start > self.stall:
            self.stalled(start, end, step.row)
        if step.over:
            self._ended(step)

    @_kept
    def task_exited(self, task: Any) -> None:
        """The running task ends with this step."""
        if self._hidden.pop(id(task), None) is None:
            self.running.over = True

    # What the recorder asks

    def waiting(self) -> list[tuple[int, int]]:
        """The rows of the tasks that are suspended now, and of what they wait for; from any thread."""
        found = []
        for step in list(self.steps.values()):
            if type(step) is not _Step or step.run is not self or step.scheduled or step is self.running:
                continue
            if step.looked != step.since:
                step.found, step.looked = self._frames.wait(step.task), step.since
            found.append((step.row, step.found))
        return found

    # How it is done

    def _woken(self, step: _Step) -> None:
        """Notes that a suspended task has become ready, who made it so, and what it had waited for."""
        task, since, now = step.task, step.since, self.time()
        step.waker = self.running.row
        step.ready = self._due(task, since, now) if step.waker == _TIMER else now
        if isinstance(getattr(task._next_send, "error", None), self._cancelled) and not self._slept(task):
            self._asked_to_end(step, now)
        step.wait = BRIEF if step.ready - since <= self.brief else self._reason(step)

    def _due(self, task: Any, since: float, now: float) -> float:
        """When the deadline was that wakes `task` now."""
        status = task._cancel_status
        while status is not None and not status._scope._cancel_called:
            status = status.parent
        if status is None:
            return now
        due: float = now - (self._clock.current_time() - status._scope.deadline)
        return due if since < due else now

    def _slept(self, task: Any) -> bool:
        """Whether a `sleep` of `task` has ended: trio ends it by cancelling a scope of the sleep's own."""
        return task._cancel_status._scope._cancel_called and self._frames.sleeps(task)

    def _asked_to_end(self, step: _Step, now: float) -> None:
        """Notes that the task of `step` is cancelled just now."""
        recorder, frame = self.recorder, sys._getframe(1)
        if self._frames.called(cancel_main.__code__, frame):
            step.waker = Actor.SIGNAL
        by, site = step.waker, self._frames.calling(frame)
        recorder.tasks.cancelled[step.row] = by, site
        recorder.cancels.add(step.row, now, recorder.origin(), by, site)

    def _reason(self, step: _Step) -> int:
        """The row of what a task that is being woken has waited for, unless looking takes too much of the time."""
        waits = self.waits
        if step.ready < waits.closed_until_s:
            return waits.unseen(step.waker)
        began = self.time()
        found = self._frames.wait(step.task)
        waits.looked(self.time() - began)
        return found

    def _ended(self, step: _Step) -> None:
        """Notes how a task ended."""
        tasks, row, error = self.recorder.tasks, step.row, step.error
        del self.steps[id(step.task)]
        tasks.names[row] = _name(step.task)
        if error is None:
            outcome = Outcome.RETURNED
        elif _only(error, self._cancelled):
            outcome = Outcome.CANCELLED
        else:
            outcome = Outcome.RAISED
            tasks.error[row] = _error_text(error)
        END.pack_into(tasks.ends, row * END.size, step.started, step.since, outcome)
        tasks.finished.append(row)


def _name(task: Any) -> str:
    """The task's name; the one that trio makes of a function's module and name is as good as none."""
    name, function = str(task.name), str(getattr(task.coro, "__qualname__", ""))
    return function if name.endswith(f".{function}") else name


def _only(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether `error` is of this kind, or a group of nothing else."""
    if isinstance(error, BaseExceptionGroup):
        return all(_only(each, kind) for each in error.exceptions)
    return isinstance(error, kind)
