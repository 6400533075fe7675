"""Figures of a run that are computed: how long one by one would take, how many tasks and how long queues there were."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from asyncdemo.recorder import RealClock, Recorder, VirtualClock
from asyncdemo.timeline import levels, most_tasks, one_by_one_ns, peak_lengths, summary
from asyncdemo.trace import Outcome, Trace, Wait
from tests.traces import TraceBuilder, ns


def recorded(main: Callable[[], Coroutine[Any, Any, Any]], *, virtual: bool = True) -> Trace:
    """What a program does."""
    clock = VirtualClock() if virtual else RealClock()
    recorder = Recorder(clock=clock)
    with clock.installed(), recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main())
    return recorder.stop()


async def sleeper() -> None:
    """Sleeps a second."""
    await asyncio.sleep(1)


async def impatient() -> None:
    """Works for two seconds of its own, then waits for three of others."""
    await asyncio.sleep(2)
    await asyncio.gather(*(sleeper() for _ in range(3)))


async def waiting_parent() -> None:
    """Waits for a task that waits for two others."""
    await asyncio.create_task(both())


async def both() -> None:
    """Waits for two tasks."""
    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper())
        group.create_task(sleeper())


async def turns() -> None:
    """Three tasks that take turns."""
    lock = asyncio.Lock()

    async def worker() -> None:
        async with lock:
            await asyncio.sleep(1)

    await asyncio.gather(worker(), worker(), worker())


async def hand_over() -> None:
    """A task that waits for what another one puts."""
    queue: asyncio.Queue[int] = asyncio.Queue()
    taker = asyncio.create_task(queue.get())
    await asyncio.sleep(1)
    queue.put_nowait(1)
    await taker


async def swallowed() -> None:
    """A task that goes on when it is asked to end."""

    async def stubborn() -> None:
        for _ in range(2):
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(1)
    task.cancel()
    await task


@pytest.mark.parametrize(
    ("main", "seconds"),
    [
        pytest.param(sleeper, 1, id="alone"),
        pytest.param(impatient, 5, id="a parent's own work counts, its wait does not"),
        pytest.param(waiting_parent, 2, id="parents of parents only wait"),
        pytest.param(turns, 3, id="waiting for one's turn is no work"),
        pytest.param(hand_over, None, id="a task needs another one"),
        pytest.param(swallowed, None, id="a task is asked to end"),
    ],
)
def test_one_by_one(main: Callable[[], Coroutine[Any, Any, Any]], seconds: int | None) -> None:
    """The sum of what the tasks would take in turn, or nothing where they would not do the same in turn."""
    assert one_by_one_ns(recorded(main)) == (None if seconds is None else ns(seconds * 1000))


def with_jobs(*, blocked: tuple[int, int] | None = None, mains: int = 1, duration: int = 100) -> Trace:
    """A task waits for two jobs of 40 ms on two threads; the loop may be blocked meanwhile."""
    builder = TraceBuilder()
    main = builder.task("main", 0, duration)
    for _ in range(mains - 1):
        builder.task("from a thread", 10, 20)
    builder.step(main, 0, 0)
    builder.step(main, 40, 40, wait=builder.wait(Wait.THREAD, "thread"))
    if blocked:
        builder.step(main, *blocked, wait=builder.wait(Wait.SLEEP))
        builder.stall(*blocked, main)
    for number in range(2):
        builder.job("block", builder.worker(f"pool_{number}"), 0, 0, 40, task=main)
    return builder.build(duration)


@pytest.mark.parametrize(
    ("trace", "milliseconds"),
    [
        pytest.param(with_jobs(), 80, id="jobs count, waiting for them does not"),
        pytest.param(with_jobs(blocked=(30, 35)), None, id="the loop is blocked while there are jobs"),
        pytest.param(with_jobs(blocked=(50, 70)), None, id="the loop is blocked for a fifth of the run"),
        pytest.param(with_jobs(blocked=(50, 55)), 80 + 5 + 10, id="the loop is blocked for a moment, after a sleep"),
        pytest.param(with_jobs(mains=2), None, id="a job may wait for a task that it made"),
    ],
)
def test_one_by_one_with_jobs(trace: Trace, milliseconds: int | None) -> None:
    """Jobs are counted as long as nothing says that they, or the loop, waited for each other."""
    assert one_by_one_ns(trace) == (None if milliseconds is None else ns(milliseconds))


@pytest.mark.parametrize(
    ("cpus", "kind", "milliseconds"),
    [
        pytest.param({"cpus": 2}, Wait.PROCESS, 80, id="a CPU for each process"),
        pytest.param({"cpus": 1}, Wait.PROCESS, None, id="two processes on one CPU"),
        pytest.param({}, Wait.PROCESS, None, id="nobody knows how many CPUs"),
        pytest.param({"cpus": 1}, Wait.THREAD, 80, id="threads that wait"),
    ],
)
def test_processes_that_share_a_cpu_keep_each_other_waiting(
    cpus: dict[str, int], kind: Wait, milliseconds: int | None
) -> None:
    """What a job took beside another one on the same CPU is more than it would take alone."""
    builder = TraceBuilder(**cpus)
    main = builder.task("main", 0, 40)
    builder.step(main, 0, 0)
    builder.step(main, 40, 40, wait=builder.wait(kind))
    for number in range(2):
        builder.job("compute", builder.worker(f"pool {number}", kind=kind), 0, 0, 40, task=main, kind=kind)
    assert one_by_one_ns(builder.build(40)) == (None if milliseconds is None else ns(milliseconds))


def test_a_with_block_that_waits_for_its_threads_is_no_work() -> None:
    """A step that waits for threads at the end of a `with` would be counted together with their jobs."""

    async def main() -> None:
        release = Event()
        with ThreadPoolExecutor(2) as pool:
            loop = asyncio.get_running_loop()
            for _ in range(2):
                loop.run_in_executor(pool, release.wait, 0.3)

    trace = recorded(main, virtual=False)
    assert len(trace.stalls)
    assert one_by_one_ns(trace) is None


def test_a_server_and_its_client_in_one_program_are_not_added_up() -> None:
    """What a task on the network waits for may be a task that nobody here started."""
    builder = TraceBuilder()
    for name in ("client", "handler"):
        task = builder.task(name, 0, 50)
        builder.step(task, 0, 0)
        builder.step(task, 50, 50, wait=builder.wait(Wait.NETWORK))
    assert one_by_one_ns(builder.build()) is None


def test_tasks_that_live_for_an_instant_are_at_once() -> None:
    """Tasks that begin and end at one instant count together when their parent made them in one go."""

    async def nothing() -> None:
        pass

    async def main() -> None:
        await asyncio.gather(*(nothing() for _ in range(5)))

    trace = recorded(main)
    assert (most_tasks(trace), summary(trace).peak_tasks) == (6, 5)


def test_tasks_that_follow_each_other_at_one_instant_are_never_at_once() -> None:
    """Tasks that are awaited one by one count one by one, however short they are."""

    async def nothing() -> None:
        pass

    async def main() -> None:
        for _ in range(5):
            await asyncio.create_task(nothing())

    trace = recorded(main)
    assert (most_tasks(trace), summary(trace).peak_tasks) == (2, 1)


def test_tasks_that_last_are_counted_by_their_times() -> None:
    """Where no task is over in an instant the times say how many there were; some may be left out."""
    builder = TraceBuilder()
    main = builder.task("main", 0, 30)
    for start, end in ((0, 10), (5, 15), (10, 20)):
        builder.task("job", start, end, parent=main, outcome=Outcome.RETURNED)
    assert (most_tasks(builder.build()), most_tasks(builder.build(), {main})) == (3, 2)


def test_lengths_of_queues() -> None:
    """Each queue has its changes in their order; of very many every second, third and so on is looked at."""
    builder = TraceBuilder()
    first, second = builder.resource("Queue"), builder.resource("Queue", "Queue 2")
    builder.resource("Lock")
    for t in range(8):
        builder.level(first, t, t)
    builder.level(second, 9, 3)
    trace = builder.build(10)
    whole = {queue: list(lengths) for queue, (_, lengths) in levels(trace).items()}
    assert whole == {first: list(range(8)), second: [3]}
    assert list(levels(trace, 3)[first][1]) == [0, 3, 6]
    assert peak_lengths(trace) == {first: 7, second: 3}
    assert levels(Trace()) == {}
