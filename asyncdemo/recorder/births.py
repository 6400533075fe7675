"""What is noted of a program before the recording begins: who made which task, and semaphores' limits.

That is all that could not be found out later. It costs a moment for each task that is made, and nothing for its steps.
"""

from __future__ import annotations

import asyncio
import functools
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from asyncdemo.recorder.hooks import Hooks
from asyncdemo.recorder.resources import MADE_WITH
from asyncdemo.recorder.stacks import made_by_the_program
from asyncdemo.trace import NONE

if TYPE_CHECKING:
    from asyncdemo.recorder.recorder import Recorder

AnyTask = asyncio.Task[Any]


class Birth:
    """Who made a task, and where; the chain of makers lasts as long as the youngest of their tasks."""

    __slots__ = ("maker", "site", "task")

    def __init__(self, task: AnyTask, maker: Birth | None, site: int) -> None:
        self.task = weakref.ref(task)
        self.maker = maker
        self.site = site


class Births:
    """The tasks that are made while nothing else is recorded.

    Args:
        recorder: that of the recording to come.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._hooks = Hooks()
        self._known: weakref.WeakKeyDictionary[AnyTask, Birth] = weakref.WeakKeyDictionary()
        self._loops: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()

    def install(self) -> None:
        """Begins to note."""
        self._watch(asyncio.BaseEventLoop)
        self._hooks.when_imported("uvloop", lambda uvloop: self._watch(uvloop.Loop))
        made = asyncio.Semaphore.__init__

        @functools.wraps(made)
        def __init__(semaphore: Any, value: int = 1, *args: Any, **options: Any) -> None:  # noqa: N807
            made(semaphore, value, *args, **options)
            MADE_WITH[semaphore] = value

        self._hooks.replace(asyncio.Semaphore, "__init__", __init__)

    def restore(self) -> None:
        """Notes no more."""
        self._hooks.restore()

    def loops(self) -> list[asyncio.AbstractEventLoop]:
        """The loops in which tasks were made, as far as they are still there."""
        return list(self._loops)

    def origin(self, task: AnyTask) -> tuple[int, int]:
        """The recorded task that made `task`, itself or through others that have gone, or `NONE`; and the site."""
        birth = self._known.get(task)
        if birth is None:
            return NONE, NONE
        rows = (self._recorder.tasks.row_of(maker) for maker in _makers(birth))
        return next((row for row in rows if row != NONE), NONE), birth.site

    def _watch(self, loop_class: Any) -> None:
        self._hooks.replace(loop_class, "create_task", self._noting(loop_class.create_task))

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        note = self._recorder.guarded(self._note)

        @functools.wraps(original)
        def create_task(loop: Any, *args: Any, **options: Any) -> Any:
            task = made_by_the_program(original(loop, *args, **options))
            note(loop, task)
            return task

        return create_task

    def _note(self, loop: Any, task: AnyTask) -> None:
        self._loops.add(loop)
        maker = asyncio.current_task() if asyncio._get_running_loop() is not None else None
        made_by = None if maker is None else self._known.get(maker) or Birth(maker, None, NONE)
        self._known[task] = Birth(task, made_by, self._recorder.callers.site())


def _makers(birth: Birth) -> Iterator[AnyTask]:
    """Who made a task, who made that one, and so on; not those that have gone."""
    maker = birth.maker
    while maker is not None:
        task = maker.task()
        if task is not None:
            yield task
        maker = maker.maker
