"""The critical path tiles the run, and is exactly what is known to have decided programs whose answer is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asyncdemo.recorder import Recorder, VirtualClock
from asyncdemo.timeline import by_cause, critical_path
from asyncdemo.trace import Trace
from tests.findings.programs import FAULTY, SOUND, recorded

MS = 1_000_000


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Trace:
    """The recording of a program in virtual time."""
    clock = VirtualClock()
    with clock.installed(), Recorder(clock=clock) as recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as own:
        own.run(main())
    return recorder.stop()


def path(main: Callable[[], Coroutine[Any, Any, Any]]) -> list[tuple[int, int, str, str]]:
    """The segments of a program's critical path: from, to (ms), whose and why."""
    trace = run(main)
    segments = critical_path(trace)
    return [
        (each.start_ns // MS, each.end_ns // MS, trace.task_name(each.task), each.cause)
        for each in segments
        if each.took_ns
    ]


async def sleep(seconds: float) -> None:
    """Sleep in a frame of the program's own."""
    await asyncio.sleep(seconds)


def task(seconds: float, name: str) -> asyncio.Task[None]:
    """A named task that sleeps."""
    return asyncio.create_task(sleep(seconds), name=name)


def test_the_slowest_of_several_decides() -> None:
    """Of tasks that run together only the longest is on the path, and what the main task does afterwards."""

    async def main() -> None:
        await asyncio.gather(task(0.1, "a"), task(0.3, "b"), task(0.2, "c"))
        await asyncio.sleep(0.05)

    found = path(main)
    assert found[0] == (0, 300, "b", "sleep")
    assert found[1][:2] == (300, 350)
    assert found[1][3] == "sleep"


def test_a_wait_for_ones_turn_is_a_cause() -> None:
    """The last of three holders waited for a slot twice as long as it held it."""

    async def hold(slots: asyncio.Semaphore) -> None:
        async with slots:
            await asyncio.sleep(0.1)

    async def main() -> None:
        slots = asyncio.Semaphore(1)
        await asyncio.gather(*(asyncio.create_task(hold(slots), name=f"job {number}") for number in range(3)))

    assert path(main) == [(0, 200, "job 2", "slot of Semaphore"), (200, 300, "job 2", "sleep")]


def test_a_lock_is_named() -> None:
    """A lock is told apart from a semaphore."""

    async def hold(lock: asyncio.Lock) -> None:
        async with lock:
            await asyncio.sleep(0.1)

    async def main() -> None:
        lock = asyncio.Lock()
        await asyncio.gather(asyncio.create_task(hold(lock), name="a"), asyncio.create_task(hold(lock), name="b"))

    assert path(main) == [(0, 100, "b", "lock Lock"), (100, 200, "b", "sleep")]


def test_the_path_follows_who_handed_on() -> None:
    """A consumer's wait for an item is what its producer did; an event's, what the one did that set it."""

    async def produce(queue: asyncio.Queue[int], event: asyncio.Event) -> None:
        await asyncio.sleep(0.2)
        event.set()
        await asyncio.sleep(0.1)
        queue.put_nowait(1)

    async def consume(queue: asyncio.Queue[int], event: asyncio.Event) -> None:
        await event.wait()
        await queue.get()
        await asyncio.sleep(0.05)

    async def main() -> None:
        queue, event = asyncio.Queue[int](), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(produce(queue, event), name="producer")
            group.create_task(consume(queue, event), name="consumer")

    producer, consumer = ("producer", "sleep"), ("consumer", "sleep")
    assert path(main) == [(0, 200, *producer), (200, 300, *producer), (300, 350, *consumer)]


def test_a_blocked_loop_is_a_cause() -> None:
    """Blocking counts as the loop being busy, whoever waits for it."""
    import time

    async def block() -> None:
        time.sleep(0.2)  # noqa: ASYNC251
        await asyncio.sleep(0.1)

    async def main() -> None:
        await asyncio.create_task(block(), name="blocker")

    found = by_cause(critical_path(run(main)))
    assert found == [("loop busy", 200 * MS), ("sleep", 100 * MS)]


@pytest.mark.filterwarnings("ignore:.*never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("program", [*FAULTY[::6], *SOUND[::6]], ids=lambda program: program.stem)
def test_the_segments_tile_the_run(program: Any) -> None:
    """Segments follow one another without a gap from the start of the run to the end of its last step."""
    trace = recorded(program)
    segments = critical_path(trace)
    assert sum(each.took_ns for each in segments) == max(trace.steps.end_ns)
    assert [each.start_ns for each in segments] == [0, *(each.end_ns for each in segments)][: len(segments)]
