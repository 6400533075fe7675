"""Recorder: who cancelled a task, and where."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import Any

import pytest

from asyncdemo.recorder import Recorder
from asyncdemo.trace import Outcome
from tests.recorder.recordings import LOOPS, REAL_LOOPS, TICK, Recording, named, new_loop, record


def child(coroutine: Any, name: str) -> asyncio.Task[Any]:
    """A task of this name."""
    return asyncio.create_task(coroutine, name=name)


async def ended(*tasks: asyncio.Task[Any]) -> None:
    """Waits for tasks, however they end."""
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("loop", LOOPS)
def test_by_another_task(loop: str) -> None:
    """`task.cancel()` is the doing of the task that calls it, in that line."""

    async def canceller(task: asyncio.Task[Any]) -> None:
        await asyncio.sleep(TICK)
        task.cancel()  # cancels

    async def main() -> None:
        slow = child(asyncio.sleep(60), "slow")
        await child(canceller(slow), "canceller")
        await ended(slow)

    recording = record(main, loop)

    assert recording.cancelled("slow") == ("canceller", "task.cancel()  # cancels")
    assert recording.outcome("slow") == Outcome.CANCELLED
    assert recording.cancelled("canceller") == ("unknown", "")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_that_waits_for_another_task(loop: str) -> None:
    """Cancelling a task cancels what it awaits: both are the doing of the one who asked."""

    async def outer() -> None:
        await child(asyncio.sleep(60), "inner")

    async def main() -> None:
        named("main")
        task = child(outer(), "outer")
        await asyncio.sleep(TICK)
        task.cancel()  # cancels
        await ended(task)

    recording = record(main, loop)

    assert recording.cancelled("inner") == ("main", "task.cancel()  # cancels")
    assert recording.cancelled("outer") == ("main", "task.cancel()  # cancels")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_whose_awaited_task_is_cancelled(loop: str) -> None:
    """One that ends because the task that it awaits was cancelled was cancelled by that task."""

    async def outer(inner: asyncio.Task[Any]) -> None:
        await inner

    async def main() -> None:
        named("main")
        inner = child(asyncio.sleep(60), "inner")
        task = child(outer(inner), "outer")
        await asyncio.sleep(TICK)
        inner.cancel()  # cancels
        await ended(task)

    recording = record(main, loop)

    assert recording.cancelled("inner") == ("main", "inner.cancel()  # cancels")
    assert recording.cancelled("outer") == ("inner", "")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_gather_passes_cancellation_on(loop: str) -> None:
    """Cancelling a task that awaits `gather` cancels its children on behalf of the one who asked."""

    async def outer() -> None:
        await asyncio.gather(child(asyncio.sleep(60), "first"), child(asyncio.sleep(60), "second"))

    async def main() -> None:
        named("main")
        task = child(outer(), "outer")
        await asyncio.sleep(TICK)
        task.cancel()  # cancels
        await ended(task)

    recording = record(main, loop)

    cancelled = ("main", "task.cancel()  # cancels")
    assert [recording.cancelled(name) for name in ("first", "second", "outer")] == [cancelled] * 3


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_group_that_aborts(loop: str) -> None:
    """Its tasks are cancelled by the one that failed."""

    async def fails() -> None:
        await asyncio.sleep(TICK)
        raise ValueError

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(60), name="sibling")
            group.create_task(fails(), name="failing")

    recording = record(main, loop)

    assert isinstance(recording.error, ExceptionGroup)
    assert recording.cancelled("sibling")[0] == "failing"
    assert recording.outcome("sibling") == Outcome.CANCELLED
    assert recording.outcome("failing") == Outcome.RAISED


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_group_whose_body_fails(loop: str) -> None:
    """Its tasks are cancelled by the task whose body it is."""

    async def main() -> None:
        named("main")
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(60), name="child")
            await asyncio.sleep(TICK)
            raise ValueError

    assert record(main, loop).cancelled("child")[0] == "main"


@pytest.mark.parametrize("loop", LOOPS)
def test_a_timeout(loop: str) -> None:
    """`asyncio.timeout` cancels by its timer, and the task may well return."""

    async def impatient() -> str:
        try:
            async with asyncio.timeout(TICK):
                await asyncio.sleep(60)
        except TimeoutError:
            return "too late"
        return "in time"

    async def main() -> Any:
        return await child(impatient(), "impatient")

    recording = record(main, loop)

    assert recording.result == "too late"
    assert recording.cancelled("impatient")[0] == "timer"
    assert recording.outcome("impatient") == Outcome.RETURNED


@pytest.mark.parametrize("loop", LOOPS)
def test_wait_for_that_times_out(loop: str) -> None:
    """The awaited task is cancelled when the time is up."""

    async def main() -> None:
        named("main")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(child(asyncio.sleep(60), "slow"), TICK)

    recording = record(main, loop)

    assert recording.outcome("slow") == Outcome.CANCELLED
    assert recording.cancelled("slow")[0] in {"timer", "main"}
    assert recording.outcome("main") == Outcome.RETURNED


@pytest.mark.parametrize("loop", LOOPS)
def test_the_runner_at_shutdown(loop: str) -> None:
    """What is left when the main task returns is cancelled by the program, outside every task."""

    async def main() -> None:
        child(asyncio.sleep(60), "left over")
        await asyncio.sleep(TICK)

    recording = record(main, loop)

    assert recording.outcome("left over") == Outcome.CANCELLED
    assert recording.cancelled("left over")[0] == "program"


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_ctrl_c(loop: str) -> None:
    """SIGINT cancels the main task: that is the signal's doing."""

    async def main() -> None:
        named("main")
        threading.Timer(4 * TICK, os.kill, (os.getpid(), signal.SIGINT)).start()
        await asyncio.sleep(60)

    with (
        Recorder() as recorder,
        asyncio.Runner(loop_factory=new_loop(loop)) as runner,
        pytest.raises(KeyboardInterrupt),
    ):
        runner.run(main())
    recording = Recording(recorder.stop())

    assert recording.outcome("main") == Outcome.CANCELLED
    assert recording.cancelled("main")[0] == "signal"
    assert recorder.fault is None


@pytest.mark.parametrize("loop", LOOPS)
def test_before_the_first_step(loop: str) -> None:
    """A task that is cancelled by its creator before it ran ends in its first step."""

    async def main() -> None:
        named("main")
        task = child(asyncio.sleep(60), "never")
        task.cancel()
        await ended(task)

    recording = record(main, loop)

    assert recording.outcome("never") == Outcome.CANCELLED
    assert recording.cancelled("never")[0] == "main"
    assert recording.task("never", "steps") == 1


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_that_cancels_itself(loop: str) -> None:
    """It is cancelled by itself at its next wait."""

    async def suicidal() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(60)

    async def main() -> None:
        await ended(child(suicidal(), "job"))

    recording = record(main, loop)

    assert recording.outcome("job") == Outcome.CANCELLED
    assert recording.cancelled("job")[0] == "job"


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_that_is_ready_already(loop: str) -> None:
    """Who cancels a task between its waking and its step cannot be seen, and is not guessed."""

    async def waits(event: asyncio.Event) -> None:
        await event.wait()
        await asyncio.sleep(0)

    async def main() -> None:
        named("main")
        event = asyncio.Event()
        task = child(waits(event), "job")
        await asyncio.sleep(TICK)
        event.set()
        task.cancel()
        await ended(task)

    recording = record(main, loop)

    assert recording.outcome("job") == Outcome.CANCELLED
    assert recording.cancelled("job") == ("unknown", "")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_that_only_yields(loop: str) -> None:
    """Nor can it be seen who cancels a task that only lets others run (`sleep(0)`)."""

    async def polls() -> None:
        for _ in range(1000):
            await asyncio.sleep(0)

    async def main() -> None:
        named("main")
        task = child(polls(), "poll")
        await asyncio.sleep(0)
        task.cancel()
        await ended(task)

    recording = record(main, loop)

    assert recording.outcome("poll") == Outcome.CANCELLED
    assert recording.cancelled("poll") == ("unknown", "")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_that_resists(loop: str) -> None:
    """A task that catches its cancellation and returns has returned, and still knows who asked."""

    async def resists() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "no"
        return "yes"

    async def main() -> Any:
        named("main")
        task = child(resists(), "job")
        await asyncio.sleep(TICK)
        task.cancel()
        return await task

    recording = record(main, loop)

    assert recording.result == "no"
    assert recording.outcome("job") == Outcome.RETURNED
    assert recording.cancelled("job")[0] == "main"


@pytest.mark.parametrize("loop", LOOPS)
def test_a_callback_that_cancels(loop: str) -> None:
    """A `call_later` that cancels is a timer; a `call_soon` acts for the task that asked for it."""

    async def main() -> None:
        named("main")
        by_timer, by_task = child(asyncio.sleep(60), "by timer"), child(asyncio.sleep(60), "by task")
        await asyncio.sleep(TICK)
        asyncio.get_running_loop().call_later(TICK, by_timer.cancel)
        asyncio.get_running_loop().call_soon(by_task.cancel)
        await ended(by_timer, by_task)

    recording = record(main, loop)

    assert recording.cancelled("by timer")[0] == "timer"
    assert recording.cancelled("by task")[0] == "main"
