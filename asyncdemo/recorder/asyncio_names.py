"""asyncio's private names that tell a task's steps, wake-ups and ends apart, on CPython 3.11 to 3.13."""

from __future__ import annotations

import asyncio
import threading
from _thread import get_ident
from asyncio import tasks
from types import BuiltinMethodType, MethodType
from typing import Any

from asyncdemo.compiled import hot
from asyncdemo.trace import Actor


def _step_callback_type() -> type:
    """The type of the callback that runs a task's next step, which `asyncio` does not export."""
    seen: list[type] = []

    class Loop:
        def get_debug(self) -> bool:
            return False

        def call_soon(self, callback: Any, *args: Any, context: Any = None) -> Any:
            seen.append(type(callback))

    async def nothing() -> None:
        pass

    coroutine = nothing()
    loop: Any = Loop()
    task = asyncio.Task(coroutine, loop=loop, name="")  # a name, or it would use up the program's first number
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    coroutine.close()
    return seen[0]


class _NoLoop:
    def get_debug(self) -> bool:
        """All that a future asks of its loop when it is made."""
        return False


_no_loop: Any = _NoLoop()
FUTURE_ITERATOR = type(asyncio.Future[None](loop=_no_loop).__await__())
"""What a coroutine that awaits a future is suspended on; it leads nowhere."""
DESTROYED = "Task was destroyed but it is pending!"
"""What a task says as it goes when its last reference has gone while it was suspended."""
STEP_CALLBACK = _step_callback_type()
GATHERING = tasks._GatheringFuture  # type: ignore[attr-defined]
ON_INTERRUPT = asyncio.Runner._on_sigint.__code__  # type: ignore[attr-defined]
ON_TIMEOUT = asyncio.Timeout._on_timeout.__code__  # type: ignore[attr-defined]
_PYTHON_TASK = tasks._PyTask  # type: ignore[attr-defined]
_PYTHON_STEP = _PYTHON_TASK._Task__step
_PYTHON_WAKEUP = _PYTHON_TASK._Task__wakeup


def is_step(callback: Any) -> bool:
    """Whether a callback runs the next step of a task that has begun it by itself: new, or after `sleep(0)`."""
    kind = type(callback)
    return kind is STEP_CALLBACK or (kind is MethodType and callback.__func__ is _PYTHON_STEP)


def is_wakeup(callback: Any, args: tuple[Any, ...]) -> bool:
    """Whether a callback wakes a task that is suspended on a future."""
    kind = type(callback)
    if kind is BuiltinMethodType:
        return bool(args) and callback.__name__ == "task_wakeup"
    return kind is MethodType and callback.__func__ is _PYTHON_WAKEUP


def gave_up(future: Any) -> bool:
    """Whether `gather` has ended because what it gathers was cancelled."""
    return type(future) is GATHERING and isinstance(future._exception, asyncio.CancelledError)


def foreign_actor() -> Actor:
    """What kind of thread this is, seen from a loop that runs in another."""
    thread = threading._active.get(get_ident())  # type: ignore[attr-defined]
    return Actor.PROCESS if type(thread).__name__ == "_ExecutorManagerThread" else Actor.THREAD


if hot:
    hot.learn_names(STEP_CALLBACK, GATHERING, FUTURE_ITERATOR, gave_up)
