"""Event loops under observation: who becomes ready, who woke whom, how tasks begin, end and are cancelled.

Nothing is wrapped around the program's coroutines. Times are seconds as floats, as in `steps`.
"""

from __future__ import annotations

import asyncio
import threading
from _thread import get_ident, get_native_id
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from asyncdemo.compiled import hot, numbers, objects
from asyncdemo.recorder.asyncio_names import GATHERING, foreign_actor, gave_up, is_wakeup
from asyncdemo.recorder.awaits import ANY_TASK, BRIEF, MARK, YIELD
from asyncdemo.recorder.clock import SECOND, nanoseconds
from asyncdemo.recorder.coroutines import HIDDEN, UNWANTED
from asyncdemo.recorder.eager import goes_on, name_late, yielded
from asyncdemo.recorder.steps import Mark, NoStep, Step, last_wait
from asyncdemo.recorder.tables import END, STEP, TASK, StepRows
from asyncdemo.recorder.thread_time import UNTOLD_S, ThreadTime
from asyncdemo.trace import NONE, Actor, Outcome

if TYPE_CHECKING:
    from asyncdemo.recorder.adopting import FirstTurn
    from asyncdemo.recorder.recorder import Recorder
    from asyncdemo.recorder.resources import Request

AnyTask = asyncio.Task[Any]

_pack_end = END.pack_into
_END_SIZE = END.size
_RETURNED, _RAISED, _CANCELLED = int(Outcome.RETURNED), int(Outcome.RAISED), int(Outcome.CANCELLED)
_DESTROYED = int(Outcome.DESTROYED)
_TIMER, _PROGRAM = int(Actor.TIMER), int(Actor.PROGRAM)
_UNKNOWN = int(Actor.UNKNOWN)
_running_loop = asyncio._get_running_loop
_NUMBERS = {
    **dict.fromkeys(("brief", "busy_since", "due", "stall"), float),
    "number": int,
    **dict.fromkeys(("chooses", "debug", "overridden", "runs", "unusual"), bool),
}


def recorder_of(loop: Any) -> LoopRecorder | None:
    """The recorder of a loop that is known, or None.

    Neither this nor `mark` asks for the loop's `__dict__`: Python would have to make one, and from then on the program
    would find each attribute of its loop a little later. Nor are methods of the program's asked.
    """
    try:
        known: LoopRecorder = object.__getattribute__(loop, MARK)
    except AttributeError:
        return None
    return known


def mark(loop: Any, recorder: LoopRecorder | None) -> None:
    """Notes the recorder of a loop, or, with None, that it has none any more."""
    if recorder is not None:
        object.__setattr__(loop, MARK, recorder)
    elif recorder_of(loop) is not None:
        object.__delattr__(loop, MARK)
    if hot:
        hot.forget()


class _Idle(NoStep):
    """What stands for nothing that runs where tasks are left out: one of those may be running."""

    __slots__ = ()

    @property
    def row(self) -> int:
        """On whose behalf the loop acts: nobody known while a task runs, else what it is without tasks."""
        outside = _running_loop() is not None and asyncio.current_task() is not None
        return _UNKNOWN if outside else row_in(self)

    @row.setter
    def row(self, row: int) -> None:
        NoStep.row.__set__(self, row)  # type: ignore[attr-defined]


def row_in(stands: NoStep) -> int:
    """What lies in the slot of a class that makes a property of it."""
    row: int = NoStep.row.__get__(stands)  # type: ignore[attr-defined]
    return row


class LoopRecorder(numbers(StepRows, **_NUMBERS)):  # type: ignore[misc]
    """What is recorded of one event loop.

    Attributes:
        add: appends a row for a task.
        callers: finds the program's line that is making a task.
        caller: gives its site.
        coroutine: gives what a coroutine is called and where it is defined.
        known: the same for the coroutines of functions that were met, by the identity of their code.
        running: what is running: a step, or something with the `row` of the task or the `Actor` on whose behalf a
            callback runs.
        idle: what stands there while nothing of the kind runs.
        budget: bounds how many steps are kept.
        busy_since: when the running step or callback began.
        due: when the timer whose callback is running was due.
        fresh: the tasks made in the running step.
        named_late: the eager tasks that ended in it: asyncio names them after that.
        watch: requests for locks and slots that have not been granted, by task.
        first_turn: what is known of the tasks that were there before, until the loop has come round once, or None.
        cut: since when ready, wait and waker of what is left of a step that an eager task interrupted, or None.
        noticed: whether what runs was seen to run long; in virtual time nobody looks, and it may be anything.
        chooses: whether there may be tasks that were asked to be left out.
        overridden: whether the loop's class has a `_call_soon` of its own.
        runs: whether it is known to run; where it is not, the loop itself is asked.
        unusual: whether there may be something in `fresh`, `watch` or `cut`.
    """

    __slots__ = objects(
        *("add", "caller", "callers", "coroutine", "cut", "expected", "first_turn", "fresh", "ident", "idle", "known"),
        *("loop_class", "named_late", "noticed", "recorder", "running", "steps", "tasks", "thread", "time", "waits"),
        *("thread_time", "watch"),
    )
    brief: float
    busy_since: float
    due: float
    stall: float
    number: int
    chooses: bool
    debug: bool
    overridden: bool
    runs: bool
    unusual: bool

    def __init__(self, recorder: Recorder, number: int, loop: Any) -> None:
        super().__init__(recorder.budget)
        self.recorder = recorder
        self.chooses = recorder.scope.chooses
        self.time = recorder.clock.seconds
        self.number = number
        self.loop_class = f"{type(loop).__module__}.{type(loop).__qualname__}"
        self.thread_time = ThreadTime()
        self.seen_in_its_thread()
        self.brief, self.stall = recorder.brief_ns / SECOND, recorder.stall_ns / SECOND
        self.due = 0.0
        self.tasks, self.steps, self.add = recorder.tasks, recorder.tasks.steps, recorder.tasks.add
        self.callers, self.caller = recorder.callers, recorder.callers.site
        self.coroutine, self.known = recorder.coroutines.of, recorder.coroutines.known
        self.waits = recorder.waits
        self.idle = NoStep(Actor.TIMER if recorder.clock.name == "virtual" else Actor.NETWORK)
        if self.chooses:
            self.idle.__class__ = _Idle
        self.running: Any = self.idle
        self.busy_since = 0.0
        self.debug = bool(loop.get_debug())
        self.overridden = getattr(type(loop), "_call_soon", None) is not vars(asyncio.BaseEventLoop)["_call_soon"]
        self.noticed = recorder.clock.name == "virtual"
        self.fresh: list[AnyTask] = []
        self.named_late: list[tuple[int, AnyTask]] = []
        self.watch: dict[int, list[Request]] = {}
        self.cut: tuple[float, int, int] | None = None
        self.expected: tuple[Any, Mark, Any] | None = None
        self.runs = self.unusual = False
        self.first_turn: FirstTurn | None = None

    def seen_in_its_thread(self) -> None:
        """Notes that this is the thread that runs the loop; another one may have handed it a callback before."""
        self.thread = threading.current_thread().name
        self.ident = get_ident()
        self.thread_time.follow(get_native_id())

    # A task's life

    def step_for(self, callback: Any, args: tuple[Any, ...], new: Callable[[], Any]) -> Any:
        """What serves the step of a task that `callback`, called with `args`, runs.

        Args:
            callback: the method of a task that runs its next step, or wakes it.
            args: the future that wakes it, if one does.
            new: makes a step for this callback.

        Returns:
            The step, or None when the task is to be left out.
        """
        return self._woken_step(callback, args, new) if is_wakeup(callback, args) else self._next(callback, args, new)

    def _is_unwanted(self, task: AnyTask) -> bool:
        """Whether a task was asked to be left out; notes for whom it makes others then."""
        heirs = self.recorder.heirs
        if id(task) in self.steps or task in heirs:
            return task in heirs
        unwanted = self.coroutine(task.get_coro())[0] == UNWANTED
        if unwanted:
            heirs[task] = self.maker()
        return unwanted

    def maker(self) -> int:
        """The task that makes another one now: if it is left out the one that had it made, and so on, or `NONE`."""
        if self.running is not self.idle or not self.chooses or asyncio._get_running_loop() is None:
            return self.task
        task = asyncio.current_task()
        return NONE if task is None else self.recorder.heirs.get(task, NONE)

    def is_outside(self) -> bool:
        """Whether a task that was asked to be left out is running."""
        if not self.chooses or self.running is not self.idle or asyncio._get_running_loop() is None:
            return False
        return asyncio.current_task() is not None

    def _next(self, callback: Any, args: tuple[Any, ...], new: Callable[[], Any]) -> Any:
        """The step that no future wakes a task to: the first or, unless it is known, one after `sleep(0)`."""
        task, running = callback.__self__, self.running
        if running.task is not task:
            step = new()
            return step if self.first_step(step, task) else None
        step = self._again(running, callback, args, new)
        running.scheduled = step.scheduled = True
        step.task, step.ready, step.wait, step.waker = task, self.time(), YIELD, step.row
        return step

    def _woken_step(self, callback: Any, args: tuple[Any, ...], new: Callable[[], Any]) -> Any:
        task = callback.__self__
        if self.chooses and self._is_unwanted(task):
            return None
        known = self.steps.get(id(task))
        if known is None or type(known) is Mark:
            step = self.adopted(new(), task, known)
        else:
            step = self._again(known, callback, args, new)
        if step is not None:
            self.woken(step, task, args[0] if args else None)
        return step

    def _again(self, step: Any, callback: Any, args: tuple[Any, ...], new: Callable[[], Any]) -> Any:
        """The step for a task's next callback: the same one, but in debug mode one of its own."""
        if not self.debug:
            step._callback, step._args = callback, args
            return step
        task = callback.__self__
        if type(self.steps.get(id(task))) is not Mark:  # from before debug mode was switched on
            self.steps[id(task)] = Mark(step.row, step.since, step.started)
        fresh, started = new(), step.started if step.started != NONE else self.busy_since  # its first step is running
        fresh.row, fresh.since = step.row, step.since
        fresh.started = self.steps[id(task)].started = started
        return fresh

    def first_step(self, step: Any, task: AnyTask) -> bool:
        """Makes `step` the one that serves a task seen for the first time; False when the task is to be left out."""
        if self.first_turn is not None and self.first_turn.again(step, task):
            return True
        if self.chooses and self._is_unwanted(task):
            return False
        coroutine = task.get_coro()
        look_up, time = self.coroutine, self.time  # called by local names: see `run_step`
        coro, defined = look_up(coroutine)
        if coro == HIDDEN:
            return False
        running = self.running
        if running is self.idle and self._in_hidden_task():
            self.steps[id(task)] = Mark(HIDDEN, 0)
            return False
        if self.expected is not None and self.expected[0] is coroutine:
            if goes_on(coroutine):
                yielded(self, step, task)
                return True
            _, mark, running = self.expected
            self.running, self.expected = running, None
            row, now = mark.row, mark.since
        else:
            add, caller, parent = self.add, self.caller, running.row
            now = time()
            row = add(now, coro, defined, parent if parent >= 0 else self.maker(), caller(), self.number)
        if self.watch:
            self.recorder.resources.handed_over(self, coroutine, running.row, row)
        self.steps[id(task)] = Mark(row, now) if self.debug else step
        if running.task is not None:
            self.fresh.append(task)
            self.unusual = True
        step.row = row
        step.task = task
        step.since = step.ready = now
        step.scheduled = True
        step.wait = NONE
        step.waker = running.row if running is not self.idle else self.actor()
        return True

    def _in_hidden_task(self) -> bool:
        """Whether one of the tasks that are left out is running."""
        task = asyncio.current_task() if asyncio._get_running_loop() is not None else None
        return task is not None and self.recorder.coroutines.of(task.get_coro())[0] == HIDDEN

    def adopted(self, step: Any, task: AnyTask, mark: Any) -> Any:
        """Makes `step` the one that serves a task which was made unseen: eagerly, or before the recording.

        Returns:
            The step, or None when the task is to be left out.
        """
        if isinstance(mark, Mark):
            if mark.row == HIDDEN:
                return None
            step.row, step.since, step.started = mark.row, mark.since, mark.started
            if not self.debug:
                self.steps[id(task)] = step
            return step
        return step if self.first_step(step, task) else None

    def keep_mark(self, step: Step) -> None:
        """Hands what the next step's handle has to know on, in debug mode."""
        mark = self.steps[id(step.task)]
        mark.since, mark.started = step.since, step.started

    @property
    def task(self) -> int:
        """The task that runs, or on whose behalf a callback runs, or `NONE`."""
        row: int = self.running.row
        return row if row >= 0 else NONE

    @property
    def busy(self) -> bool:
        """Whether a step or a callback runs, as far as it can be seen."""
        return self.running is not self.idle or (self.first_turn is not None and self.first_turn.in_step)

    def woken(self, step: Any, task: AnyTask, future: Any) -> None:
        """Notes that a suspended task has become ready, and what it had waited for."""
        step.task, step.scheduled = task, True
        running = self.running
        waker = _PROGRAM if running is self.idle and _running_loop() is None else running.row
        step.waker = waker
        time = self.time
        ready, since = time(), step.since
        if waker == _TIMER and since < self.due < ready:
            ready = self.due
        step.ready = ready
        if ready - since <= self.brief:
            step.wait = BRIEF
        elif ready < self.waits.closed_until_s and not self.watch:
            step.wait = self.waits.unseen(waker)  # as `reason` would say, without the call
        else:
            step.wait = self.reason(step, waker, future)
        if future is not None and (future.cancelled() or (type(future) is GATHERING and gave_up(future))):
            self.cancelled(step.row, task, future)

    def reason(self, step: Any, waker: int, future: Any) -> int:
        """The row of what a task that is being woken has waited for.

        Looking takes a few microseconds. A program that waits so often that this adds up is looked at less often. What
        the program's own line has asked for need not be looked at; a library may have asked for its lock to get
        something else.
        """
        waits, recorder, time = self.waits, self.recorder, self.time
        request = self.watch[step.row][-1] if step.row in self.watch else None
        if request is not None and request.site not in recorder.sites.installed:
            return recorder.request_wait(request)
        if step.ready < waits.closed_until_s:
            return waits.unseen(waker) if request is None else recorder.request_wait(request)
        began = time()
        found = waits.read(step.task, waker, future, recorder.resources)
        waits.looked(time() - began)
        return found

    def resuming(self, step: Step) -> None:
        """Tells the requests of a task that is about to run whether it is being cancelled."""
        requests = self.watch.get(step.row)
        if requests:
            future = step._args[0] if step._args and asyncio.isfuture(step._args[0]) else None
            cancelled = step.task._must_cancel or (future is not None and future.cancelled())
            self.recorder.resources.resuming(requests, cancelled=cancelled)

    def finished(self, step: Any, task: AnyTask, end: float) -> None:
        """Notes how a task ended."""
        tasks, row = self.tasks, step.row
        del self.steps[id(task)]
        tasks.names[row] = task.get_name()
        if task.cancelled():
            outcome = _CANCELLED
            tasks.unheeded[row] = max(0, task.cancelling() - 1)  # the last one it heeded
        elif (error := task._exception) is not None:
            outcome = _RAISED
            tasks.error[row] = _error_text(error)
            tasks.raised[id(task)] = row
        else:
            outcome = _RETURNED
            if row in tasks.cancelled:
                tasks.unheeded[row] = task.cancelling()
        _pack_end(tasks.ends, row * _END_SIZE, step.started, end, outcome)
        tasks.finished.append(row)

    def closing(self) -> None:
        """Keeps no task alive that the loop, which is closed now, was still to run."""
        for step in list(self.steps.values()):
            if getattr(step, "loop", None) is self and step.scheduled and step.task is not None:
                self.steps[id(step.task)] = Mark(step.row, step.since, step.started)

    def destroyed(self, task: AnyTask) -> None:
        """Notes that a task goes away while it is suspended.

        The garbage collector may call this in the middle of anything, so it takes no lock.
        """
        tasks = self.tasks
        step = tasks.steps.pop(id(task), None)
        if step is None or step.row < 0:
            return
        row, requests = step.row, self.watch.pop(step.row, None)
        tasks.names[row] = task.get_name()
        tasks.left[row] = requests[-1] if requests else last_wait(step)
        _pack_end(tasks.ends, row * _END_SIZE, step.started, self.time(), _DESTROYED)
        tasks.finished.append(row)

    def under_way(self) -> tuple[float, float, int, int, int] | None:
        """Ready, start, task, wait and waker of the step that is running, from any thread; None when none is."""
        running, cut, expected, start = self.running, self.cut, self.expected, self.busy_since
        if self.first_turn is not None and running is self.idle:
            return self.first_turn.under_way()
        if running.task is None:
            if cut is None or expected is None or expected[1].row != running.row:
                return None
            ready, wait, waker = cut
        elif running.scheduled:  # it is over in a moment, and what it has is the next one's already
            return None
        else:
            ready, wait, waker = cut or (running.ready, running.wait, running.waker)
        if self.running is not running or self.busy_since != start or start < self.last_end():
            return None
        return ready, start, running.row, wait, waker

    def stalled(self, start: float, end: float, task: int) -> None:
        """Notes what held the loop: a step of `task`, or a callback."""
        self.recorder.stalls.add(self, start, end, task)

    # Cancelling

    def cancelled(self, row: int, task: AnyTask, future: Any) -> None:
        """Notes who cancels a task that is suspended on `future`, which has just been cancelled.

        A task that awaits others passes its cancellation on to them, and ends when they have: whoever cancelled them
        was whoever cancelled it.
        """
        tasks, cancels = self.tasks, self.recorder.cancels
        awaited = self.running.row if type(future) is GATHERING else tasks.row_of(future)
        if awaited >= 0 and task.cancelling() and awaited in tasks.cancelled:
            who = tasks.cancelled[awaited]
        elif awaited >= 0:
            who = (awaited, NONE)
        else:
            who = cancels.who(self.actor())
        tasks.cancelled[row] = who
        if cancels.asked(row, task, awaited, self.steps[id(task)].since):
            cancels.add(row, self.time(), self.recorder.origin(), *who)

    def after_step(self, row: int, start: float) -> None:
        """Does what only some steps need, when one of task `row` is over that began at `start`."""
        if self.fresh:
            self.look_at_fresh(row)
        name_late(self)
        if row in self.watch:
            self.recorder.resources.step_over(self, row, nanoseconds(start))
        self.unusual = bool(self.watch)

    def look_at_fresh(self, row: int) -> None:
        """Notes which of the tasks that task `row` made in the step just over it has cancelled already.

        `Task.cancel` leaves no other trace on a task that has not begun.
        """
        tasks, cancels = self.tasks, self.recorder.cancels
        for task in self.fresh:
            if task._must_cancel:  # type: ignore[attr-defined]
                asked = tasks.row_of(task)
                tasks.cancelled[asked] = (row, NONE)
                cancels.add(asked, self.time(), self.recorder.origin(), row, NONE)
        self.fresh.clear()

    # Who acts

    def actor(self) -> int:
        """On whose behalf the loop acts now: a task, or an `Actor`."""
        running = self.running
        if running is self.idle and _running_loop() is None:
            return _PROGRAM
        return running.row  # type: ignore[no-any-return]

    def cause(self, loop: Any) -> int:
        """On whose behalf somebody, perhaps another thread, hands `loop` a callback."""
        if get_ident() != self.ident:
            return foreign_actor() if loop.is_running() else Actor.PROGRAM
        return self.actor()

    def run_callback(self, cause: int, run: Callable[..., object], *args: Any) -> None:
        """Runs a callback, which is no step of a task, on behalf of `cause`."""
        outer, self.running = self.running, NoStep(cause)
        self.busy_since = self.time()
        try:
            run(*args)
        finally:
            self.running = outer
            if self.noticed:
                self.callback_over()

    def callback_over(self) -> None:
        """Notes a callback that was noticed to run long; the others are not worth a second look at the clock."""
        self.noticed = self.recorder.clock.name == "virtual"
        end = self.time()
        if end - self.busy_since > self.stall:
            self.stalled(self.busy_since, end, NONE)


def _error_text(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    except Exception:  # the program's own __str__ may raise anything
        return type(error).__name__


if hot:
    hot.learn("loop", LoopRecorder)
    hot.learn_values(
        *(NONE, BRIEF, YIELD, ANY_TASK, _TIMER, _PROGRAM, _RETURNED), STEP.size, TASK.size, END.size, UNTOLD_S
    )
