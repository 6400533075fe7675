"""asyncio's own loops, and those derived from them: their handles take the time when they run."""

from __future__ import annotations

import asyncio
from _thread import get_ident
from asyncio import base_events, events, format_helpers
from collections.abc import Callable
from contextvars import copy_context
from types import BuiltinMethodType, FunctionType
from typing import TYPE_CHECKING, Any

from asyncdemo.compiled import hot, numbers, objects
from asyncdemo.recorder import eager
from asyncdemo.recorder.asyncio_names import DESTROYED, STEP_CALLBACK, is_step, is_wakeup
from asyncdemo.recorder.awaits import YIELD
from asyncdemo.recorder.loops import LoopRecorder
from asyncdemo.recorder.stacks import made_by_the_program
from asyncdemo.recorder.steps import STEP_NUMBERS, STEP_SLOTS, run_step
from asyncdemo.trace import NONE, Actor

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder

_run_handle = events.Handle._run
_init_handle = events.Handle.__init__
_bare: Callable[[type], Any] = object.__new__


def install(recorder: Recorder) -> None:
    """Observes every loop of asyncio's, those that exist and those to come."""
    hooks = recorder.hooks
    call_soon = _call_soon(recorder)
    if hot:
        call_soon = hot.front("handle_soon", call_soon, base_events.BaseEventLoop.call_soon)
    hooks.stand_in(base_events.BaseEventLoop, "call_soon", call_soon)
    hooks.stand_in(base_events.BaseEventLoop, "_call_soon", _call_soon_unchecked(recorder))
    hooks.stand_in(events.TimerHandle, "_run", _timer_run(recorder))
    if hasattr(asyncio, "unix_events"):
        _watch_signals(recorder, asyncio.unix_events._UnixSelectorEventLoop)
    watch_lives(recorder, base_events.BaseEventLoop)


class _StepHandle(numbers(events.Handle, **STEP_NUMBERS)):  # type: ignore[misc]
    """The handle of all steps of one task."""

    __slots__ = STEP_SLOTS

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
    _callback: Any
    _args: Any
    run_as_ever = events.Handle._run

    if not hot:
        _run = run_step

    def escaped(self, error: BaseException) -> None:
        """Tells the loop's exception handler, as `Handle._run` does."""
        source = format_helpers._format_callback_source(self._callback, self._args)
        told = {"message": f"Exception in callback {source}", "exception": error, "handle": self}
        if self._source_traceback:
            told["source_traceback"] = self._source_traceback
        self._loop.call_exception_handler(told)


class _CallbackHandle(numbers(events.Handle, row=int)):  # type: ignore[misc]
    """A callback that is no step of a task: it acts on behalf of whoever scheduled it."""

    __slots__ = objects("loop")

    loop: LoopRecorder
    row: int
    task = None

    def _run(self) -> None:
        loop = self.loop
        time = loop.time
        outer, loop.running = loop.running, self
        loop.busy_since = time()
        try:
            _run_handle(self)
        finally:
            loop.running = outer
            if loop.noticed:
                loop.callback_over()


_StepHandle.__name__ = _CallbackHandle.__name__ = "Handle"
if hot:
    hot.learn("step handle", _StepHandle)
    hot.learn("callback handle", _CallbackHandle)


def _begun(handle: Any, callback: Any, args: tuple[Any, ...], asyncio_loop: Any, context: Any) -> Any:
    """What `Handle.__init__` makes of a handle outside debug mode; calling it would double the time that this takes."""
    handle._callback = callback
    handle._args = args
    handle._loop = asyncio_loop
    handle._context = context if context is not None else copy_context()
    handle._cancelled = False
    handle._repr = handle._source_traceback = None
    return handle


def _new_step(callback: Any, args: tuple[Any, ...], asyncio_loop: Any, context: Any, loop: LoopRecorder) -> Any:
    step = _begun(_bare(_StepHandle), callback, args, asyncio_loop, context)
    if loop.debug:
        _init_handle(step, callback, args, asyncio_loop, context)
    step.enter = step._context.run
    step.loop = loop
    step.row = NONE
    step.started = step.looked = NONE
    return step


def _call_soon(recorder: Recorder) -> Callable[..., Any]:  # noqa: C901
    """`BaseEventLoop.call_soon` for what is called most: a known task's next step; `_call_soon` sees to the rest."""
    original = base_events.BaseEventLoop.call_soon
    fail, of_loop, steps = recorder.fail, recorder.of_loop, recorder.tasks.steps

    def begin(self: Any, loop: LoopRecorder, callback: Any, args: tuple[Any, ...], context: Any) -> Any:
        """Schedules the first step of a task."""
        try:
            step = _new_step(callback, args, self, context, loop)
            if loop.first_step(step, callback.__self__):
                self._ready.append(step)
                return step
        except Exception as fault:
            fail(fault)
        return original(self, callback, *args, context=context)

    def call_soon(self: Any, callback: Any, *args: Any, context: Any = None) -> Any:  # noqa: C901, PLR0911
        if self._debug or self._closed:
            return made_by_the_program(original(self, callback, *args, context=context))
        try:
            loop = self._asyncdemo
        except AttributeError:
            loop = of_loop(self)
        if loop.overridden:
            return original(self, callback, *args, context=context)
        kind = type(callback)
        if kind is STEP_CALLBACK:
            step = loop.running
            if step.task is callback.__self__:
                step._callback = callback
                step._args = args
                step.scheduled = True
                step.wait = YIELD
                step.waker = step.row
                self._ready.append(step)
                return step
            if loop.first_turn is None:
                return begin(self, loop, callback, args, context)
        elif kind is FunctionType:
            running = loop.running
            handle = _begun(_bare(_CallbackHandle), callback, args, self, context)
            handle.loop = loop
            handle.row = running.row if running is not loop.idle and get_ident() == loop.ident else loop.cause(self)
            self._ready.append(handle)
            return handle
        elif kind is BuiltinMethodType:
            step = steps.get(id(callback.__self__))
            if type(step) is _StepHandle and args and callback.__self__._fut_waiter is args[0]:
                try:
                    loop.woken(step, callback.__self__, args[0])
                except Exception as fault:
                    fail(fault)
                    return original(self, callback, *args, context=context)
                step._callback = callback
                step._args = args
                self._ready.append(step)
                return step
        return self._call_soon(callback, args, context)

    return call_soon


def _call_soon_unchecked(recorder: Recorder) -> Callable[..., Any]:
    """`BaseEventLoop._call_soon` with handles that take the time."""
    original = base_events.BaseEventLoop._call_soon  # type: ignore[attr-defined]
    fail, of_loop = recorder.fail, recorder.of_loop

    def _call_soon(self: Any, callback: Any, args: tuple[Any, ...], context: Any) -> Any:
        try:
            loop = self._asyncdemo
        except AttributeError:
            loop = of_loop(self)
        loop.debug = bool(self._debug)
        try:
            handle: Any = None
            if type(callback) is FunctionType or not (is_step(callback) or is_wakeup(callback, args)):
                handle = _CallbackHandle(callback, args, self, context)
                handle.loop, handle.row = loop, loop.cause(self)
            else:
                handle = loop.step_for(callback, args, lambda: _new_step(callback, args, self, context, loop))
        except Exception as fault:
            fail(fault)
        if handle is None:
            return original(self, callback, args, context)
        self._ready.append(made_by_the_program(handle))
        return handle

    return _call_soon


def _timer_run(recorder: Recorder) -> Callable[[Any], None]:
    """`TimerHandle._run`, which tells that a timer is what acts, and when it was due."""

    def _run(self: Any) -> None:
        loop = recorder.of_loop(self._loop)
        loop.due = recorder.moment(self._loop, self._when)
        loop.run_callback(Actor.TIMER, _run_handle, self)

    return _run


def _watch_signals(recorder: Recorder, unix_loop: Any) -> None:
    """Lets the callback of a signal handler be known as such."""
    original = unix_loop._handle_signal

    class SignalHandle(events.Handle):
        __slots__ = ()

        def _run(self) -> None:
            recorder.of_loop(self._loop).run_callback(Actor.SIGNAL, _run_handle, self)  # type: ignore[attr-defined]

    SignalHandle.__name__ = "Handle"

    def _handle_signal(self: Any, sig: int) -> None:
        handle = self._signal_handlers.get(sig)
        if type(handle) is events.Handle:
            handle.__class__ = SignalHandle
        original(self, sig)

    recorder.hooks.stand_in(unix_loop, "_handle_signal", _handle_signal)


def watch_lives(recorder: Recorder, loop_class: Any) -> None:
    """Sees how tasks begin and go away other than by steps that the loop schedules."""
    _watch_factories(recorder, loop_class)
    _watch_destroyed(recorder, loop_class)
    _watch_close(recorder, loop_class)


def _watch_factories(recorder: Recorder, loop_class: Any) -> None:
    """Sees the first steps of eager tasks, which only a task factory can ask for."""
    if not hasattr(asyncio, "eager_task_factory"):
        return
    set_factory, get_factory = loop_class.set_task_factory, loop_class.get_task_factory

    def set_task_factory(self: Any, factory: Any) -> None:
        recorder.of_loop(self)
        set_factory(self, _WatchedFactory(recorder, factory) if callable(factory) else factory)

    def get_task_factory(self: Any) -> Any:
        factory = get_factory(self)
        return factory.factory if isinstance(factory, _WatchedFactory) else factory

    recorder.hooks.stand_in(loop_class, "set_task_factory", set_task_factory)
    recorder.hooks.stand_in(loop_class, "get_task_factory", get_task_factory)


def _watch_destroyed(recorder: Recorder, loop_class: Any) -> None:
    """Sees the tasks that are collected while they are suspended, of which asyncio complains."""
    original = loop_class.call_exception_handler

    def call_exception_handler(self: Any, context: Any) -> None:
        if type(context) is dict and context.get("message") == DESTROYED:
            destroyed(self, context.get("task"))
        original(self, context)

    def note(asyncio_loop: Any, task: Any) -> None:
        recorder.of_loop(asyncio_loop).destroyed(task)

    destroyed = recorder.guarded(note)
    recorder.hooks.stand_in(loop_class, "call_exception_handler", call_exception_handler)


def _watch_close(recorder: Recorder, loop_class: Any) -> None:
    """Leaves the tasks that a loop is never going to run to the loop, which lets go of them as it is closed."""
    original = loop_class.close

    def close(self: Any) -> None:
        closing(self)
        original(self)

    def note(asyncio_loop: Any) -> None:
        if not asyncio_loop.is_running():
            recorder.of_loop(asyncio_loop).closing()

    closing = recorder.guarded(note)
    recorder.hooks.stand_in(loop_class, "close", close)


def watch_factory(loop: asyncio.AbstractEventLoop) -> None:
    """Sees the first steps of eager tasks on a loop that was given its task factory before the recording."""
    factory = loop.get_task_factory()
    if factory is not None:
        loop.set_task_factory(factory)


def unwatch_factory(loop: asyncio.AbstractEventLoop) -> None:
    """Gives a loop its own task factory back."""
    factory = loop.get_task_factory()
    if isinstance(factory, _WatchedFactory):
        loop.set_task_factory(factory.factory)


class _WatchedFactory:
    """A task factory of the program's, and the observation of what it runs."""

    def __init__(self, recorder: Recorder, factory: Callable[..., Any]) -> None:
        self.recorder = recorder
        self.factory = factory

    def __call__(self, loop: Any, coroutine: Any, **options: Any) -> Any:
        return eager.make(self.recorder.of_loop(loop), self.factory, loop, coroutine, options)
