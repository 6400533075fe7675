"""uvloop's loops: their handles are compiled, so the callbacks are wrapped in something that shows itself as them."""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from operator import call
from types import BuiltinMethodType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from asyncdemo.compiled import hot, numbers, objects
from asyncdemo.recorder.asyncio_loops import watch_lives
from asyncdemo.recorder.asyncio_names import STEP_CALLBACK, is_step, is_wakeup
from asyncdemo.recorder.awaits import YIELD
from asyncdemo.recorder.loops import LoopRecorder
from asyncdemo.recorder.stacks import made_by_the_program
from asyncdemo.recorder.steps import STEP_NUMBERS, STEP_SLOTS, run_step
from asyncdemo.trace import NONE, Actor

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder


def install(recorder: Recorder) -> None:
    """Observes every loop of uvloop's as soon as the program imports it."""
    recorder.hooks.when_imported("uvloop", lambda uvloop: _install(recorder, uvloop))


def _install(recorder: Recorder, uvloop: ModuleType) -> None:
    loop_class = uvloop.Loop
    for name, method in (
        ("call_soon", _call_soon(recorder, loop_class.call_soon)),
        ("call_later", _wrapping(recorder, loop_class.call_later, 1, Actor.TIMER)),  # which `call_at` calls
    ):
        front = hot.front(name, method, getattr(loop_class, name)) if hot else method
        recorder.hooks.stand_in(loop_class, name, front)
    recorder.hooks.stand_in(loop_class, "run_forever", _run_forever(recorder, loop_class.run_forever))
    recorder.hooks.stand_in(loop_class, "set_debug", _set_debug(recorder, loop_class.set_debug))
    for name, position, cause in (
        ("call_soon_threadsafe", 0, None),
        ("add_signal_handler", 1, Actor.SIGNAL),
    ):
        recorder.hooks.stand_in(loop_class, name, _wrapping(recorder, getattr(loop_class, name), position, cause))
    watch_lives(recorder, loop_class)
    recorder.sites.add_entries(_Callback.__call__, _Timer.__call__)


class _Wrapped:
    """A callback, and what is known of it."""

    __slots__ = ("__weakref__", "_callback")

    _callback: Any

    @property
    def __self__(self) -> Any:
        return self._callback.__self__

    @property
    def __wrapped__(self) -> Any:
        return self._callback

    def __repr__(self) -> str:
        """Uvloop shows a callback by its name, or else by this."""
        return getattr(self._callback, "__qualname__", None) or repr(self._callback)


class _Callback(numbers(_Wrapped, row=int)):  # type: ignore[misc]
    """One that is no step of a task: it acts on behalf of whoever scheduled it."""

    __slots__ = objects("loop")

    loop: LoopRecorder
    row: int
    task = None

    def __call__(self, *args: Any) -> None:
        loop = self.loop
        time = loop.time
        outer, loop.running = loop.running, self
        loop.busy_since = time()
        try:
            self._callback(*args)
        finally:
            loop.running = outer
            if loop.noticed:
                loop.callback_over()


class _Timer(numbers(_Callback, due=float)):  # type: ignore[misc]
    """One that a timer is to call."""

    __slots__ = objects()

    due: float

    def __call__(self, *args: Any) -> None:
        self.loop.due = self.due
        _run_callback(self, *args)


_run_callback = _Callback.__call__


class _Step(numbers(_Wrapped, **STEP_NUMBERS)):  # type: ignore[misc]
    """The callback of all steps of one task."""

    __slots__ = ("_args", *STEP_SLOTS)

    loop: LoopRecorder
    row: int
    since: float
    started: float
    ready: float
    wait: int
    waker: int
    scheduled: bool
    task: Any
    enter: Any
    looked: float
    found: int
    _args: Any
    run_as_ever = None

    if not hot:
        __call__ = run_step

    def escaped(self, error: BaseException) -> None:
        """Leaves it to uvloop's handle."""
        raise error


if hot:
    hot.learn("step call", _Step)
    hot.learn("callback", _Callback)
    hot.learn("timer", _Timer)


def _new_step(loop: LoopRecorder, callback: Any, args: tuple[Any, ...]) -> _Step:
    # Not in an `__init__`, which would double the time that it takes; the same below.
    step = _Step()
    step.loop = loop
    step.enter = call
    step.row = NONE
    step.started = step.looked = NONE
    step._callback = callback
    step._args = args
    return step


def _new_callback(
    loop: LoopRecorder, callback: Any, cause: int, kind: Callable[[], _Callback] = _Callback
) -> _Callback:
    made = kind()
    made.loop = loop
    made._callback = callback
    made.row = cause
    return made


def _call_soon(recorder: Recorder, original: Callable[..., Any]) -> Callable[..., Any]:  # noqa: C901
    """`uvloop.Loop.call_soon` with callbacks that take the time; the hot path, written out in place."""
    fail, of_loop, steps = recorder.fail, recorder.of_loop, recorder.tasks.steps

    def begin(self: Any, loop: LoopRecorder, callback: Any, args: tuple[Any, ...], context: Any) -> Any:
        """Schedules the first step of a task."""
        seen = False
        try:
            step = _new_step(loop, callback, args)
            seen = loop.first_step(step, callback.__self__)
        except Exception as fault:
            fail(fault)
        return original(self, step, context=context) if seen else original(self, callback, *args, context=context)

    def call_soon(self: Any, callback: Any, *args: Any, context: Any = None) -> Any:  # noqa: C901, PLR0911
        try:
            loop = self._asyncdemo
        except AttributeError:
            loop = of_loop(self)
        if loop.debug:
            served = _served(recorder, loop, self, callback, args)
            if type(served) is _Step:
                return made_by_the_program(original(self, served, context=context))
            return made_by_the_program(original(self, served, *args, context=context))
        kind = type(callback)
        if kind is STEP_CALLBACK:
            step = loop.running
            if step.task is callback.__self__:
                step._callback = callback
                step._args = args
                step.scheduled = True
                step.wait = YIELD
                step.waker = step.row
                return original(self, step, context=context)
            if loop.first_turn is None:
                return begin(self, loop, callback, args, context)
        elif kind is FunctionType:
            running = loop.running
            wrapped = _Callback()
            wrapped.loop = loop
            wrapped._callback = callback
            wrapped.row = running.row if running is not loop.idle and get_ident() == loop.ident else loop.cause(self)
            return original(self, wrapped, *args, context=context)
        elif kind is BuiltinMethodType:
            step = steps.get(id(callback.__self__))
            if type(step) is _Step and args and callback.__self__._fut_waiter is args[0]:
                try:
                    loop.woken(step, callback.__self__, args[0])
                except Exception as fault:
                    fail(fault)
                    return original(self, callback, *args, context=context)
                step._callback = callback
                step._args = args
                return original(self, step, context=context)
        served = _served(recorder, loop, self, callback, args)
        if type(served) is _Step:
            return original(self, served, context=context)
        return original(self, served, *args, context=context)

    return call_soon


def _served(recorder: Recorder, loop: LoopRecorder, uvloop: Any, callback: Any, args: tuple[Any, ...]) -> Any:
    """What stands for a callback: a `_Step` that has its arguments, a `_Callback`, or itself when it is left out."""
    try:
        if is_step(callback) or is_wakeup(callback, args):
            return loop.step_for(callback, args, lambda: _new_step(loop, callback, args)) or callback
        return _new_callback(loop, callback, loop.cause(uvloop)) if callable(callback) else callback
    except Exception as fault:
        recorder.fail(fault)
        return callback


def _run_forever(recorder: Recorder, original: Callable[..., Any]) -> Callable[..., Any]:
    """`uvloop.Loop.run_forever` with a frame of its own, where the stack of what the loop calls ends.

    It tells the loop's recorder that it runs: asking the loop each time would take too long.
    """

    def run_forever(self: Any) -> None:
        loop = recorder.of_loop(self)
        loop.runs = True
        try:
            original(self)
        finally:
            loop.runs = False

    recorder.sites.add_entries(run_forever)
    return run_forever


def _set_debug(recorder: Recorder, original: Callable[..., Any]) -> Callable[..., Any]:
    """`uvloop.Loop.set_debug`, which tells the loop's recorder: asking the loop each time would take too long."""

    def set_debug(self: Any, enabled: Any) -> None:
        original(self, enabled)
        recorder.of_loop(self).debug = self.get_debug()

    return set_debug


def _wrapping(recorder: Recorder, original: Callable[..., Any], position: int, cause: int | None) -> Callable[..., Any]:
    """A method of the loop that takes a callback at `position`, which is to act on behalf of `cause`."""

    def replaced(self: Any, *args: Any, **options: Any) -> Any:
        try:
            loop = self._asyncdemo
        except AttributeError:
            loop = recorder.of_loop(self)
        if len(args) > position and callable(args[position]):
            actor, kind = loop.cause(self) if cause is None else cause, _Timer if cause == Actor.TIMER else _Callback
            wrapped = _new_callback(loop, args[position], actor, kind)
            if isinstance(wrapped, _Timer):
                wrapped.due = loop.time() + args[0]
            args = (*args[:position], wrapped, *args[position + 1 :])
        made = original(self, *args, **options)
        return made_by_the_program(made) if loop.debug else made

    return replaced
