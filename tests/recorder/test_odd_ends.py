"""Recorder: tasks and primitives that go an unusual way, and what is replaced looking like what it replaces."""

from __future__ import annotations

import asyncio
import gc
import inspect
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from asyncdemo.recorder import Recorder, VirtualClock
from asyncdemo.trace import NONE, Outcome, Wait
from asyncdemo.tracefile import load
from tests.recorder.recordings import LOOPS, REAL_LOOPS, TICK, Recording, named, new_loop, record

SECOND = 1_000_000_000


# What is replaced


def looks(loop: str) -> list[Any]:
    """How the methods of a loop, and functions of the program's that use them, present themselves."""
    found: list[Any] = []
    running = new_loop(loop)()
    running.close()
    for name in ("call_soon", "call_soon_threadsafe", "call_later", "add_signal_handler", "call_exception_handler"):
        method = getattr(type(running), name)
        try:
            signature = str(inspect.signature(method))
        except ValueError:
            signature = "none"
        found.append((method.__name__, method.__qualname__, method.__doc__, method.__module__, signature))
    functions: tuple[Any, ...] = (asyncio.Lock.acquire, asyncio.Semaphore.release, asyncio.Queue.put)
    return found + [
        (each.__name__, each.__qualname__, each.__doc__, str(inspect.signature(each))) for each in functions
    ]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_what_is_replaced_looks_the_same(loop: str) -> None:
    """Names, documentation, module and signature are the original's."""
    unrecorded = looks(loop)
    with Recorder():
        recorded = looks(loop)

    assert recorded == unrecorded


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_job_that_is_a_method_of_the_loop(loop: str) -> None:
    """It goes by the method's name."""

    async def main() -> None:
        running = asyncio.get_running_loop()
        await asyncio.to_thread(running.call_soon_threadsafe, len, "")
        await asyncio.sleep(TICK)

    trace = record(main, loop).trace

    assert trace.text(trace.jobs.function[0]).endswith("Loop.call_soon_threadsafe")


# Errors of the loop's own


@pytest.mark.parametrize("loop", REAL_LOOPS)
@pytest.mark.parametrize("primitive", ["queue", "event", "lock", "semaphore"])
def test_what_the_loop_forbids_in_debug_mode(primitive: str, loop: str, tmp_path: Path) -> None:
    """A thread that uses a primitive of the loop's gets the loop's own error, and the recording goes on."""
    trace = tmp_path / "run.trace"
    options = ["--debug", "--primitive", primitive, "--loop", loop, "--scale", "0.1", "-q", "--save", str(trace)]
    command = [sys.executable, "-m", "asyncdemo", "thread-safety", *options]
    run = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)

    assert "RuntimeError: Non-thread-safe operation" in run.stdout
    assert "recording stopped" not in run.stdout + run.stderr
    assert load(trace).lost == {}


# Asynchronous generators that are left early


async def numbers() -> AsyncGenerator[int, None]:
    """Counts, and needs a moment to be closed."""
    try:
        for number in range(10):
            yield number
    finally:
        await asyncio.sleep(TICK)


async def read_one() -> None:
    """Leaves a generator after its first item, and lets it go."""
    async for _ in numbers():
        break


@pytest.mark.parametrize("loop", LOOPS)
def test_the_task_that_closes_a_generator(loop: str) -> None:
    """It goes by the generator's name, and ends as it ends."""

    async def main() -> None:
        named("main")
        await read_one()
        await asyncio.sleep(3 * TICK)

    recording = record(main, loop)

    trace = recording.trace
    assert [trace.text(coro) for coro in trace.tasks.coro][1:] == ["numbers.aclose"]
    assert recording.source(trace.tasks.defined[1]) == "async def numbers() -> AsyncGenerator[int, None]:"
    assert Outcome(trace.tasks.outcome[1]) == Outcome.RETURNED


@pytest.mark.parametrize("loop", LOOPS)
def test_tasks_made_of_a_generators_calls(loop: str) -> None:
    """They go by the generator's name and the method that was called, and are defined where the generator is."""

    async def main() -> None:
        named("main")
        generator = numbers()
        tasks = [asyncio.ensure_future(call) for call in (anext(generator), generator.asend(None), generator.aclose())]
        for task in tasks:
            await task

    trace = record(main, loop).trace

    names = ["numbers.__anext__", "numbers.asend", "numbers.aclose"]
    assert [trace.text(coro) for coro in trace.tasks.coro][1:] == names
    assert len({trace.tasks.defined[row] for row in (1, 2, 3)}) == 1


@pytest.mark.parametrize("loop", LOOPS)
def test_a_generator_that_is_closed_at_shutdown(loop: str) -> None:
    """When no task of the program's is left, closing is no task of the program's either."""

    async def main() -> None:
        named("main")
        await read_one()

    assert record(main, loop).names == ["main"]


# Semaphores


@pytest.mark.parametrize("loop", LOOPS)
def test_a_slot_that_is_given_before_any_is_taken(loop: str) -> None:
    """The limit is the one that the semaphore was made with, also when it is given a slot too many."""

    async def main() -> None:
        semaphore, bounded = asyncio.Semaphore(3), asyncio.BoundedSemaphore(2)
        semaphore.release()
        semaphore.release()
        with pytest.raises(ValueError, match="too many"):
            bounded.release()
        async with semaphore, bounded:
            pass

    assert record(main, loop).resources() == [("Semaphore", 3), ("BoundedSemaphore", 2)]


# Blocking in virtual time


def test_the_line_that_sleeps_in_virtual_time() -> None:
    """`time.sleep` tells which line blocks; of several it is the one that slept longest."""

    async def main() -> None:
        time.sleep(0.5)  # noqa: ASYNC251 - the shorter one
        time.sleep(1)  # noqa: ASYNC251 - the longer one

    trace = (recording := record(main)).trace

    assert list(trace.stalls.end_ns) == [1_500_000_000]
    assert recording.source(trace.stalls.site[0]) == "time.sleep(1)  # noqa: ASYNC251 - the longer one"


def test_a_callback_that_sleeps_in_virtual_time() -> None:
    """Where no line of the program's runs, there is no site."""

    async def main() -> None:
        asyncio.get_running_loop().call_soon(time.sleep, 1)
        await asyncio.sleep(2)

    assert list(record(main).trace.stalls.site) == [NONE]


# Timers


@pytest.mark.parametrize("loop", LOOPS)
def test_a_future_that_a_timer_completes(loop: str) -> None:
    """Waiting for it was waiting for the timer."""

    async def main() -> None:
        named("main")
        running = asyncio.get_running_loop()
        future = running.create_future()
        running.call_later(TICK, future.set_result, None)
        await future

    [wait] = record(main, loop).waits("main")

    assert (wait.kind, wait.on, wait.waker) == (Wait.FUTURE, "timer", "timer")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_future_that_is_not_waited_for_to_the_end(loop: str) -> None:
    """A time-out does not make a future a timer."""

    async def main() -> None:
        named("main")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(TICK):
                await asyncio.get_running_loop().create_future()

    assert [wait.on for wait in record(main, loop).waits("main")] == ["future"]


# Tasks that are collected


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("looked", [False, True], ids=["unseen", "seen"])
def test_a_task_that_is_collected(loop: str, looked: bool, caplog: pytest.LogCaptureFixture) -> None:
    """It ends when its last reference goes, under its name; what it waited for is known if a snapshot has looked."""
    clock = VirtualClock()
    recorder = Recorder(clock=clock) if loop == "virtual" else Recorder()
    factory = clock.new_event_loop if loop == "virtual" else new_loop(loop)

    async def main() -> None:
        named("main")
        asyncio.create_task(asyncio.Event().wait(), name="dropped")  # noqa: RUF006
        await asyncio.sleep(TICK)
        if looked:
            recorder.snapshot()
        gc.collect()
        await asyncio.sleep(TICK)

    installed = recorder.clock.installed()
    with installed, recorder, asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
    recording = Recording(recorder.stop())

    assert recorder.fault is None
    assert "Task was destroyed but it is pending!" in caplog.text
    assert recording.outcome("dropped") == Outcome.DESTROYED
    assert recording.waits_for("dropped") == ("Event" if looked else "future")
    ended = recording.task("dropped", "ended_ns")
    if loop == "virtual":
        assert ended == TICK * SECOND
    assert recording.task("main", "started_ns") < ended < recording.task("main", "ended_ns")


# Steps that are running


def test_a_snapshot_has_the_step_that_runs() -> None:
    """It is in `running`, with when it became ready, began, and who woke it; the steps that are over are not."""
    clock = VirtualClock()
    recorder = Recorder(clock=clock)
    seen: list[Any] = []

    async def main() -> None:
        named("main")
        await asyncio.sleep(1)
        time.sleep(1)  # noqa: ASYNC251
        seen.append(recorder.snapshot()[0])

    with clock.installed(), recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main())
    [trace] = seen
    running = trace.running

    assert list(zip(running.ready_ns, running.start_ns, running.task, strict=True)) == [(SECOND, SECOND, 0)]
    assert trace.text(trace.waits.on[running.wait[0]]) == "sleep"
    assert trace.actor_text(running.waker[0]) == "timer"
    assert list(trace.steps.end_ns) == [0]
    assert not len(recorder.stop().running)


def test_a_snapshot_within_a_callback() -> None:
    """A callback is no step."""
    clock = VirtualClock()
    recorder = Recorder(clock=clock)
    seen: list[Any] = []

    async def main() -> None:
        asyncio.get_running_loop().call_soon(lambda: seen.append(recorder.snapshot()[0]))
        await asyncio.sleep(1)

    with clock.installed(), recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main())

    assert [len(trace.running) for trace in seen] == [0]


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="eager tasks came with Python 3.12")
def test_a_snapshot_within_an_eager_step() -> None:
    """The eager task's step is running, and what its creator ran before is a step already."""
    clock = VirtualClock()
    recorder = Recorder(clock=clock)
    seen: list[Any] = []

    async def look() -> None:
        time.sleep(1)  # noqa: ASYNC251
        seen.append(recorder.snapshot()[0])

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        time.sleep(1)  # noqa: ASYNC251
        task = asyncio.create_task(look())
        time.sleep(1)  # noqa: ASYNC251
        seen.append(recorder.snapshot()[0])
        await task

    with clock.installed(), recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main())

    running = [list(zip(trace.running.task, trace.running.start_ns, strict=True)) for trace in seen]
    assert running == [[(1, SECOND)], [(0, 2 * SECOND)]]


def test_a_recording_that_ends_within_a_step() -> None:
    """The step under way is the last step; snapshots afterwards give the steps of the finished trace."""
    clock = VirtualClock()
    recorder = Recorder(clock=clock)

    async def main() -> None:
        named("main")
        time.sleep(1)  # noqa: ASYNC251
        recorder.start()
        await asyncio.sleep(1)
        task = asyncio.create_task(asyncio.sleep(1), name="job")
        await task
        time.sleep(1)  # noqa: ASYNC251
        recorder.stop()

    with clock.installed(), asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main())
    trace = recorder.stop()
    row = len(trace.steps) - 1

    assert trace.steps.end_ns[row] - trace.steps.start_ns[row] == SECOND
    assert trace.steps.end_ns[row] == trace.duration_ns
    assert len(trace.running) == 0
    later, cursor = recorder.snapshot((1,))
    assert list(later.steps.start_ns) == list(trace.steps.start_ns)[1:]
    assert recorder.snapshot(cursor)[0].steps.start_ns[:] == trace.steps.start_ns[:0]


def test_what_a_snapshot_names_is_in_it() -> None:
    """Tasks that are made while a snapshot is taken, and what they do, are in it together."""
    recorder = Recorder(clock=VirtualClock())
    table = recorder.resources.tables

    def tables(end_ns: int) -> Any:
        running = asyncio.get_running_loop()
        new.extend(running.create_task(asyncio.sleep(0)) for _ in range(3))  # as the program's own thread would
        return table(end_ns)

    new: list[asyncio.Task[None]] = []

    async def main() -> None:
        recorder.resources.tables = tables  # type: ignore[method-assign]
        trace, _ = recorder.snapshot()
        recorder.resources.tables = table  # type: ignore[method-assign]
        assert len(trace.tasks) == 4
        assert list(trace.tasks.outcome) == [Outcome.PENDING] * 4
        assert all(end >= created for created, end in zip(trace.tasks.created_ns, trace.tasks.ended_ns, strict=True))
        await asyncio.gather(*new)
        assert len(recorder.snapshot()[0].tasks) == 4

    with recorder.clock.installed(), recorder, asyncio.Runner(loop_factory=recorder.clock.new_event_loop) as runner:
        runner.run(main())
    assert list(recorder.stop().tasks.outcome) == [Outcome.RETURNED] * 4


@pytest.mark.parametrize("module", [None, ModuleType("multiprocessing.process")], ids=["not imported", "half imported"])
def test_a_view_looks_while_the_program_imports_multiprocessing(
    module: ModuleType | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread of ours that looks in the middle of that import sees a process that has no other name yet."""
    monkeypatch.setitem(sys.modules, "multiprocessing.process", module)
    trace, _ = Recorder().snapshot()
    assert [trace.text(name) for name in trace.processes.name] == ["MainProcess"]
