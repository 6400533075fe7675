"""Recorder: every way to make a task is seen, with who made it, where, and what it is called."""

# ruff: noqa: D103 - the names of the programs say what they do

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from asyncdemo.recorder import Recorder
from asyncdemo.trace import NONE, Outcome
from tests.recorder.recordings import LOOPS, REAL_LOOPS, TICK, Recording, named, new_loop, record


async def job() -> str:
    """Names itself late, waits, returns."""
    await asyncio.sleep(TICK)
    named("job")
    return "done"


async def fails() -> None:
    """Fails at once."""
    await asyncio.sleep(0)
    raise ValueError("no luck\nat all")


async def create_task() -> Any:
    return await asyncio.create_task(job())  # made here


async def loop_create_task() -> Any:
    return await asyncio.get_running_loop().create_task(job())  # made here


async def ensure_future() -> Any:
    return await asyncio.ensure_future(job())  # made here


async def gather() -> Any:
    (result,) = await asyncio.gather(job())  # made here
    return result


async def task_group() -> Any:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(job())  # made here
    return task.result()


async def wait_for_a_task() -> Any:
    return await asyncio.wait_for(asyncio.create_task(job()), 10)  # made here


async def as_completed() -> Any:
    for each in asyncio.as_completed([job()]):  # made here
        return await each
    return None


async def shield() -> Any:
    return await asyncio.shield(job())  # made here


async def task_class() -> Any:
    return await asyncio.Task(job())  # made here


WAYS = {
    "asyncio.create_task": create_task,
    "loop.create_task": loop_create_task,
    "asyncio.ensure_future": ensure_future,
    "asyncio.gather": gather,
    "TaskGroup.create_task": task_group,
    "asyncio.wait_for of a task": wait_for_a_task,
    "asyncio.as_completed": as_completed,
    "asyncio.shield": shield,
    "asyncio.Task itself": task_class,
}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_to_make_a_task_is_seen(way: Callable[[], Coroutine[Any, Any, Any]], loop: str) -> None:
    """The task is in the trace with its parent, the line that made it, its coroutine and its outcome."""

    async def main() -> Any:
        named("main")
        return await way()

    recording = record(main, loop)

    assert recording.result == "done"
    assert recording.names == ["main", "job"]
    assert recording.parent("job") == "main"
    assert recording.created_at("job").endswith("# made here")
    assert recording.trace.text(recording.task("job", "coro")) == "job"
    assert recording.source(recording.task("job", "defined")) == "async def job() -> str:"
    assert recording.outcome("job") == Outcome.RETURNED


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_the_main_task_has_no_parent(loop: str) -> None:
    """The runner's task is the first one, and the tasks with which the runner shuts its loop down are left out."""

    async def numbers() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def main() -> None:
        named("main")
        await asyncio.to_thread(int)
        await anext(unfinished)

    unfinished = numbers()
    recording = record(main, loop)

    assert recording.names == ["main"]
    assert recording.parent("main") == ""
    assert recording.trace.text(recording.task("main", "coro")).endswith("<locals>.main")
    assert recording.task("main", "created_ns") == 0
    assert recording.outcome("main") == Outcome.RETURNED


def test_wait_for_makes_a_task_of_a_coroutine_before_3_12() -> None:
    """`wait_for(coroutine)` is one task more on 3.11, and none on later versions."""

    async def main() -> None:
        named("main")
        await asyncio.wait_for(job(), 10)  # made here

    recording = record(main)

    if len(recording.names) == 1:
        assert recording.names == ["job"]
    else:
        assert recording.parent("job") == "main"
        assert recording.created_at("job").endswith("# made here")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_name_counts_as_it_was_last(loop: str) -> None:
    """A task that is named after its creation, and again by others, has its last name, pending or not."""

    async def main() -> None:
        named("main")
        first = asyncio.create_task(asyncio.sleep(0), name="draft")
        await asyncio.sleep(TICK)
        later = asyncio.create_task(asyncio.sleep(10 * TICK), name="later draft")
        await asyncio.sleep(TICK)
        first.set_name("too late")
        later.set_name("final")
        await later

    assert record(main, loop).names == ["main", "draft", "final"]


def test_a_pending_task_has_its_last_name() -> None:
    """What is still running as the recording ends is there, by its name, with what it waits for."""
    recorder = Recorder()
    recorder.start()

    async def main() -> None:
        task = asyncio.create_task(asyncio.sleep(60), name="draft")
        await asyncio.sleep(0)
        task.set_name("waiting one")
        recording = Recording(recorder.stop())
        assert recording.outcome("waiting one") == Outcome.PENDING
        assert recording.task("waiting one", "ended_ns") == recording.trace.duration_ns
        assert recording.waits_for("waiting one") == "sleep"

    asyncio.run(main())
    assert recorder.fault is None


def test_default_names_count_on_as_if_nothing_recorded() -> None:
    """The recorder uses up no number of asyncio's default names, and a trace tells them as they are."""

    async def number() -> int:
        task = asyncio.create_task(asyncio.sleep(0))
        await task
        return int(task.get_name().removeprefix("Task-"))

    async def main() -> list[int]:
        return [await number(), await number()]

    before = asyncio.run(number())
    per_run = asyncio.run(number()) - before
    recording = record(main)
    after = asyncio.run(number())

    first, second = recording.result
    assert recording.names == [f"Task-{each}" for each in (first - 1, first, second)]
    assert (first - before, second - first, after - second) == (2 * per_run, 1, per_run)


def test_qualified_names_tell_methods_apart() -> None:
    """A task is called after its coroutine function with its class; an awaitable of another kind after its type."""

    class Worker:
        async def work(self) -> None:
            await asyncio.sleep(0)

    async def main() -> None:
        named("main")
        await asyncio.create_task(Worker().work(), name="method")
        await asyncio.create_task(asyncio.sleep(0), name="sleep")

    recording = record(main)

    assert recording.trace.text(recording.task("method", "coro")).endswith("<locals>.Worker.work")
    assert recording.trace.text(recording.task("sleep", "coro")) == "sleep"


def test_grandchildren_have_their_own_parent() -> None:
    """Each task's parent is the task that made it, also when a callback made it on that task's behalf."""

    async def parent() -> None:
        await asyncio.create_task(asyncio.sleep(1), name="grandchild")

    async def main() -> None:
        named("main")
        loop = asyncio.get_running_loop()
        made: asyncio.Future[Any] = loop.create_future()
        loop.call_soon(lambda: made.set_result(loop.create_task(asyncio.sleep(0), name="by callback")))
        await asyncio.create_task(parent(), name="child")
        await (await made)

    recording = record(main)

    assert recording.parent("child") == "main"
    assert recording.parent("grandchild") == "child"
    assert recording.parent("by callback") == "main"


@pytest.mark.parametrize("loop", LOOPS)
def test_outcomes_are_told_apart(loop: str) -> None:
    """A task returned, raised (with the first line of what it said) or was cancelled."""

    async def main() -> None:
        named("main")
        failing = asyncio.create_task(fails(), name="failing")
        slow = asyncio.create_task(asyncio.sleep(60), name="slow")
        await asyncio.sleep(TICK)
        slow.cancel()
        await asyncio.gather(failing, slow, return_exceptions=True)

    recording = record(main, loop)

    assert recording.outcome("failing") == Outcome.RAISED
    assert recording.trace.text(recording.task("failing", "error")) == "ValueError: no luck"
    assert recording.outcome("slow") == Outcome.CANCELLED
    assert recording.trace.text(recording.task("slow", "error")) == ""
    assert recording.outcome("main") == Outcome.RETURNED
    assert recording.trace.text(recording.task("main", "error")) == ""


@pytest.mark.parametrize("loop", LOOPS)
def test_an_exception_that_cannot_be_told_is_called_by_its_type(loop: str) -> None:
    """An exception whose own `__str__` fails disturbs nobody."""

    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    async def main() -> None:
        raise MuteError

    recording = record(main, loop)

    assert type(recording.error) is MuteError
    assert recording.trace.text(recording.trace.tasks.error[0]) == "MuteError"


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_task_that_ends_with_a_base_exception_has_raised(loop: str) -> None:
    """`SystemExit` passes through the loop and is the task's outcome."""

    async def main() -> None:
        named("main")
        raise SystemExit(7)

    with Recorder() as recorder, asyncio.Runner(loop_factory=new_loop(loop)) as runner, pytest.raises(SystemExit):
        runner.run(main())
    trace = recorder.stop()

    assert (trace.task_name(0), trace.tasks.outcome[0]) == ("main", Outcome.RAISED)
    assert trace.text(trace.tasks.error[0]) == "SystemExit: 7"
    assert recorder.fault is None


def test_a_task_of_no_duration() -> None:
    """A task that begins and ends as the virtual clock stands at zero has these times, not those of the recording."""

    async def nothing() -> None:
        named("nothing")

    async def main() -> None:
        named("main")
        await asyncio.create_task(nothing())
        await asyncio.sleep(1)

    recording = record(main)

    times = ("created_ns", "started_ns", "ended_ns")
    assert [recording.task("nothing", time) for time in times] == [0, 0, 0]
    assert [recording.task("main", time) for time in times] == [0, 0, 1_000_000_000]


def test_a_task_that_never_began_has_no_start() -> None:
    """A task that has not run yet is pending and has no start."""

    async def main() -> None:
        named("main")
        asyncio.create_task(asyncio.sleep(1), name="late")  # noqa: RUF006
        snapshot = Recording(recorder.snapshot()[0])
        assert snapshot.task("late", "started_ns") == NONE
        assert snapshot.outcome("late") == Outcome.PENDING

    with Recorder() as recorder:
        asyncio.run(main())
