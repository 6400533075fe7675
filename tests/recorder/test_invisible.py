"""Recorder: recording changes nothing of what a program does or sees, and leaves nothing behind."""

# ruff: noqa: D103, BLE001 - the names of the programs say what they do; they note whatever is raised

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import traceback
import warnings
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asyncdemo.recorder import Recorder
from tests.recorder.recordings import LOOPS, REAL_LOOPS, TICK, new_loop, record

Program = Callable[[], Coroutine[Any, Any, Any]]


def on_both(program: Program, loop: str, **options: Any) -> list[Any]:
    """What a program returns, unrecorded and recorded."""
    kind = "asyncio" if loop == "virtual" else loop
    with asyncio.Runner(loop_factory=new_loop(kind), **options) as runner:
        unrecorded = runner.run(program())
    with Recorder() as recorder, asyncio.Runner(loop_factory=new_loop(kind), **options) as runner:
        recorded = runner.run(program())
    assert recorder.fault is None
    return [unrecorded, recorded]


async def fails_deeply() -> None:
    """Fails below a lock, a semaphore, a condition and a group."""
    async with asyncio.Lock(), asyncio.Semaphore(2), asyncio.Condition():
        await asyncio.gather(asyncio.create_task(asyncio.sleep(0)), refuse())


async def refuse() -> None:
    await asyncio.sleep(0)
    raise ValueError("no luck")


async def tracebacks() -> list[str]:
    """The tracebacks of errors in and around asyncio's primitives, as Python prints them."""
    texts = []
    lock, queue = asyncio.Lock(), asyncio.Queue[int](1)
    for action in (
        fails_deeply,
        lambda: asyncio.wait_for(asyncio.Event().wait(), TICK),
        lambda: asyncio.to_thread(int, "x"),
        lambda: asyncio.create_task(refuse()),
    ):
        try:
            await action()
        except Exception:
            texts.append(traceback.format_exc())
    for call in (lock.release, queue.get_nowait, asyncio.BoundedSemaphore(1).release, asyncio.Condition().notify):
        try:
            call()
        except Exception:
            texts.append(traceback.format_exc())
    return texts


@pytest.mark.parametrize("debug", [False, True], ids=["no debug mode", "debug mode"])
@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_tracebacks_are_the_same(loop: str, debug: bool) -> None:
    """Not one frame of the recorder's stands in the traceback of an exception."""
    unrecorded, recorded = on_both(tracebacks, loop, debug=debug)

    assert len(recorded) == 8
    assert recorded == unrecorded


async def stacks() -> list[str]:
    """Where things were made, as asyncio tells of it in debug mode, and where the program is."""
    loop = asyncio.get_running_loop()
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))

    def fails() -> None:
        raise ValueError("no luck")

    async def child() -> list[Any]:
        await asyncio.sleep(0)
        task = asyncio.create_task(asyncio.sleep(TICK))
        handles = loop.call_soon(fails), loop.call_later(0, fails), loop.call_soon_threadsafe(fails)
        made: list[Any] = [loop.create_future(), task, *handles]
        stacks = [each._source_traceback for each in made]
        await asyncio.wait([task])
        return [*stacks, traceback.extract_stack()]

    texts = await asyncio.create_task(child())
    await asyncio.sleep(TICK)
    texts += [context.get("source_traceback") for context in told]
    return ["".join(traceback.format_list(above_test(text))) for text in texts if text is not None]


def above_test(stack: traceback.StackSummary) -> list[traceback.FrameSummary]:
    """A stack without the line that runs the program, which is not the same line when it is recorded."""
    names = [frame.name for frame in stack]
    return stack[names.index(on_both.__name__) + 1 :] if on_both.__name__ in names else list(stack)


@pytest.mark.parametrize("loop", [*REAL_LOOPS, "virtual"])
def test_stacks_are_the_same_in_debug_mode(loop: str) -> None:
    """Tasks, futures and handles were made where they would have been made, by nothing of the recorder's."""
    unrecorded, recorded = on_both(stacks, loop, debug=True)

    assert len(recorded) >= 6
    assert recorded == unrecorded


async def representations() -> list[str]:
    """What handles, tasks and futures look like, their addresses taken out."""
    import re

    loop = asyncio.get_running_loop()
    task = asyncio.create_task(asyncio.sleep(TICK), name="job")
    future = loop.create_future()
    future.add_done_callback(print)
    things = [
        loop.call_soon(print, "x").cancel,
        loop.call_soon(callback, 1),
        loop.call_later(60, callback, 1),
        task,
        future,
        asyncio.current_task(),
        loop.create_task,
        asyncio.Lock(),
        asyncio.Semaphore(3),
        asyncio.Queue(2),
    ]
    texts = [repr(thing) for thing in things]
    await asyncio.sleep(0)
    texts += [repr(task), repr(future)]
    task.cancel()
    await asyncio.wait([task])
    return [re.sub(r"0x[0-9a-f]+|Task-\d+|when=[\d.]+", "", text) for text in [*texts, repr(task)]]


def callback(number: int) -> None:
    """Does nothing."""


@pytest.mark.parametrize(
    ("loop", "debug"),
    [("asyncio", False), ("asyncio", True), ("uvloop", False), ("uvloop", True)],
    ids=["asyncio", "asyncio in debug mode", "uvloop", "uvloop in debug mode"],
)
def test_representations_are_the_same(loop: str, debug: bool) -> None:
    """Handles, timers, tasks, futures and locks have the `repr` that they would have."""
    unrecorded, recorded = on_both(representations, loop, debug=debug)

    assert recorded == unrecorded


async def introspection() -> list[Any]:
    """What a program can ask of asyncio's functions and of its own tasks."""
    import inspect

    lock = asyncio.Lock()
    acquiring: Any = lock.acquire()
    found: list[Any] = [
        type(acquiring).__name__,
        acquiring.__qualname__,
        inspect.iscoroutinefunction(asyncio.Lock.acquire) or sys.version_info < (3, 12),
        str(inspect.signature(asyncio.Lock.acquire)),
        str(inspect.signature(asyncio.Semaphore.release)),
        asyncio.Semaphore.acquire.__qualname__,
        asyncio.Condition.__init__.__qualname__,
        await acquiring,
        vars(lock).keys() - {"_asyncdemo"},
    ]
    task: Any = asyncio.create_task(refuse())
    found += [
        task.get_coro().__qualname__,
        type(task).__name__,
        len(task.get_stack()),
        sorted(getattr(task, "__dict__", ())),
    ]
    await asyncio.wait([task])
    return [*found, str(task.exception())]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_introspection_sees_the_same(loop: str) -> None:
    """Signatures, names and kinds of what is replaced are the originals', and a task carries nothing extra."""
    unrecorded, recorded = on_both(introspection, loop)

    assert recorded == unrecorded


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_finished_task_is_freed_at_once(loop: str) -> None:
    """A task that nobody keeps is gone when its last step and the callbacks for it are over."""

    async def program() -> list[bool]:
        seen = []
        for waiting in (0, TICK):
            task = asyncio.create_task(asyncio.sleep(waiting))
            reference = weakref.ref(task)
            await task
            del task
            await asyncio.sleep(0)
            seen.append(reference() is None)
        return seen

    unrecorded, recorded = on_both(program, loop)

    assert recorded == unrecorded == [True, True]


@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_task_that_raised_is_freed_at_once(loop: str, debug: bool) -> None:
    """Its traceback holds the frames that were below it, and none of them may hold the task."""

    async def program() -> list[str]:
        told: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
        asyncio.create_task(refuse())  # noqa: RUF006
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return list(told)

    unrecorded, recorded = on_both(program, loop, debug=debug)

    assert recorded == unrecorded == ["Task exception was never retrieved"]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_what_a_step_holds_is_freed_with_it(loop: str) -> None:
    """Locks, queues, results and exceptions live no longer than the program wants."""

    class Thing:
        pass

    async def give(thing: Any) -> Any:
        await asyncio.sleep(0)
        return thing

    async def program() -> list[bool]:
        lock, queue, thing = asyncio.Lock(), asyncio.Queue[Any](), Thing()
        async with lock:
            await queue.put(thing)
            await queue.get()
        await asyncio.create_task(give(thing))
        await asyncio.sleep(0)
        references = [weakref.ref(each) for each in (lock, queue, thing)]
        del lock, queue, thing
        return [reference() is None for reference in references]

    unrecorded, recorded = on_both(program, loop)

    assert recorded == unrecorded == [True, True, True]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_pending_task_that_is_dropped(loop: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is collected as it would be, and asyncio complains as it would."""

    async def waits(future: asyncio.Future[Any]) -> None:
        await future

    async def program() -> list[Any]:
        gc.collect()
        caplog.clear()
        running = asyncio.get_running_loop()
        task = asyncio.create_task(waits(running.create_future()), name="dropped")
        reference = weakref.ref(task)
        await asyncio.sleep(0)
        del task
        gc.collect()
        return [reference() is None, [record.message.splitlines()[0] for record in caplog.records]]

    with caplog.at_level(logging.ERROR, "asyncio"):
        unrecorded, recorded = on_both(program, loop)

    assert recorded == unrecorded == [True, ["Task was destroyed but it is pending!"]]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_an_exception_that_nobody_retrieved(loop: str, caplog: pytest.LogCaptureFixture) -> None:
    """Asyncio says so at the moment at which it would."""

    async def program() -> list[Any]:
        caplog.clear()
        task = asyncio.create_task(refuse())
        await asyncio.sleep(TICK)
        before = len(caplog.records)
        del task
        return [before, [record.message.splitlines()[0] for record in caplog.records]]

    with caplog.at_level(logging.ERROR, "asyncio"):
        unrecorded, recorded = on_both(program, loop)

    assert recorded == unrecorded == [0, ["Task exception was never retrieved"]]


def test_an_acquire_that_is_never_awaited_still_warns() -> None:
    """The warning of a forgotten `await` comes as it would, and there is no hold."""

    async def main() -> int:
        lock = asyncio.Lock()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            lock.acquire()  # type: ignore[unused-coroutine]
            await asyncio.sleep(1)
        assert not lock.locked()
        return len(caught)

    recording = record(main)

    assert recording.result == 1
    assert recording.holds() == []


@pytest.mark.parametrize("closely", [False, True])
@pytest.mark.parametrize("depth", [0, 2])
def test_a_warning_is_of_the_line_that_it_would_be_of(depth: int, *, closely: bool) -> None:
    """With what it would say of where the coroutine was made, which the program may have asked for."""

    def forgets() -> None:
        asyncio.sleep(1)  # type: ignore[unused-coroutine]

    async def program() -> list[tuple[str, str, int]]:
        before = sys.get_coroutine_origin_tracking_depth()
        if depth:
            sys.set_coroutine_origin_tracking_depth(depth)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            forgets()
        sys.set_coroutine_origin_tracking_depth(before)
        return [(str(each.message), each.filename, each.lineno) for each in caught]

    unrecorded = asyncio.run(program())
    with Recorder(closely=closely):
        recorded = asyncio.run(program())

    [(text, file, _)] = unrecorded
    assert recorded == unrecorded
    assert file == __file__
    assert ("created at" in text) == (depth > 0)


def test_objects_of_the_program_are_not_asked_what_they_are() -> None:
    """A proxy of what is gone, and what runs code when it is asked, do no harm and notice nothing."""
    asked = []

    class Lazy:
        @property
        def __class__(self) -> Any:
            asked.append(self)
            raise ValueError("not now")

        @__class__.setter
        def __class__(self, _: Any) -> None:
            pass

    async def main() -> list[Any]:
        gone = [weakref.proxy(Lazy())]  # which is freed at once
        return [gone, Lazy()]

    with Recorder(closely=True) as recorder:
        kept = asyncio.run(main())
        asked.clear()
        recorder.stop()

    assert recorder.fault is None
    assert not asked
    del kept


@pytest.mark.parametrize("loop", LOOPS)
def test_nothing_stays_behind(loop: str) -> None:
    """No mark on tasks, loops, locks, queues; no callback of the collector's; no finder of modules; no thread."""
    import threading

    kept: list[Any] = []

    async def main() -> None:
        lock, queue = asyncio.Lock(), asyncio.Queue[int]()
        semaphore, condition, event = asyncio.Semaphore(1), asyncio.Condition(), asyncio.Event()
        async with lock, semaphore, condition:
            await queue.put(1)
        waiter = asyncio.create_task(event.wait())
        await asyncio.sleep(TICK)
        event.set()
        await waiter
        kept.extend([lock, queue, semaphore, condition, condition._lock, event, waiter, asyncio.get_running_loop()])  # type: ignore[attr-defined]

    before = [list(sys.meta_path), list(gc.callbacks), sys.stdout, vars(sys.stdout), set(threading.enumerate())]
    record(main, loop)
    after = [list(sys.meta_path), list(gc.callbacks), sys.stdout, vars(sys.stdout), set(threading.enumerate())]

    assert after == before
    assert [thing for thing in kept if "_asyncdemo" in getattr(thing, "__dict__", ())] == []


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_what_was_scheduled_while_recorded_runs_afterwards(loop: str) -> None:
    """A recording that ends inside a running loop leaves tasks, timers and callbacks that work."""

    async def job() -> str:
        await asyncio.sleep(TICK)
        async with lock:
            await asyncio.sleep(TICK)
        return "done"

    async def main() -> tuple[list[str], list[int]]:
        called: list[int] = []
        running = asyncio.get_running_loop()
        recorder = Recorder().start()
        jobs = [asyncio.create_task(job()) for _ in range(3)]
        running.call_later(TICK, called.append, 1)
        await asyncio.sleep(0)
        running.call_soon(called.append, 0)
        recorder.stop()
        return await asyncio.gather(*jobs), sorted(called)

    lock = asyncio.Lock()
    with asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        assert runner.run(main()) == (["done"] * 3, [0, 1])
