"""Questions to a recording: how many at once, who waited, what blocked; and that a wrong name is no answer."""

from __future__ import annotations

import asyncio

import pytest

import asyncdemo
from asyncdemo import Recording
from asyncdemo.attach.questions import Use
from asyncdemo.errors import AsyncdemoError
from asyncdemo.trace import NONE, Outcome, Wait
from tests.traces import TraceBuilder, semaphore


def fetches() -> Recording:
    """Three fetches, two of them side by side, one cancelled, one failed; a main task that still waits."""
    builder = TraceBuilder()
    socket, event = builder.wait(Wait.NETWORK), builder.wait(Wait.EVENT, "Event")
    main = builder.task("main", 0, coro="app.main", waiting=event)
    builder.step(main, 0, 1)
    for name, begin, end, outcome in (
        ("fetch a", 1, 11, Outcome.RETURNED),
        ("fetch b", 6, 20, Outcome.RAISED),
        ("retry", 20, 30, Outcome.CANCELLED),
    ):
        task = builder.task(name, begin, end, parent=main, coro="Client.run.<locals>.fetch", outcome=outcome)
        builder.step(task, begin + 2, begin + 3, ready=begin)
        builder.step(task, end - 1, end, wait=socket)
    return Recording(builder.build(40))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        pytest.param("*", ["main", "fetch a", "fetch b", "retry"], id="all"),
        pytest.param("fetch", ["fetch a", "fetch b", "retry"], id="the coroutine's last name"),
        pytest.param("Client.*", ["fetch a", "fetch b", "retry"], id="its qualified name"),
        pytest.param("fetch *", ["fetch a", "fetch b"], id="names of tasks"),
        pytest.param("retry", ["retry"], id="one name"),
        pytest.param("app.main", ["main"], id="a whole qualified name"),
        pytest.param("Fetch", [], id="another case"),
    ],
)
def test_tasks_by_a_pattern(pattern: str, names: list[str]) -> None:
    """By the task's name, the coroutine's qualified name or its last part, as in a shell."""
    tasks = fetches().tasks(pattern)
    assert list(tasks) == names
    assert len(tasks) == len(names)


def test_how_many_at_once() -> None:
    """Only those that are asked for count; leaving goes before coming."""
    recording = fetches()
    assert recording.peak("fetch") == recording.tasks("fetch").peak == 2
    assert recording.peak() == 3
    assert recording.peak("retry") == 1


def test_how_many_at_once_in_an_instant() -> None:
    """Tasks that take no time, as in virtual time, are counted too."""
    builder = TraceBuilder(clock="virtual")
    for number in range(3):
        builder.step(builder.task(f"job {number}", 0, 0), 0, 0)
    assert Recording(builder.build(1)).peak("job*") == 1


def test_how_many_at_work_at_once() -> None:
    """Tasks that wait for a slot, or for their turn to run, are not at work."""
    jobs = Recording(semaphore()).tasks("job")
    assert (jobs.peak, jobs.peak_at_work) == (10, 3)
    assert fetches().tasks("fetch").peak_at_work == 2
    assert fetches().tasks("retry").peak_at_work == 1


def test_how_they_ended() -> None:
    """The names of those that returned, failed, were cancelled, or had not ended."""
    tasks = fetches().tasks()
    assert (tasks.ok, tasks.failed, tasks.cancelled, tasks.pending) == (
        ("fetch a",),
        ("fetch b",),
        ("retry",),
        ("main",),
    )


def test_how_long_they_waited() -> None:
    """For anything that another task has to give, and for their turn to run; in seconds."""
    jobs = Recording(semaphore()).tasks("job")
    assert jobs.longest_wait_s == 0.151
    assert fetches().tasks("main").longest_wait_s == 0.039
    assert fetches().tasks("fetch").longest_wait_s == 0
    assert fetches().tasks("fetch").latest_s == 0.002


def test_the_use_of_a_resource() -> None:
    """How many held it and waited for it at once, and its limit."""
    assert Recording(semaphore()).resource("Semaphore") == Use("Semaphore", 3, 3, 7, 0)


def test_the_use_of_a_queue() -> None:
    """Its greatest length."""
    builder = TraceBuilder()
    builder.task("main", 0, 9)
    queue = builder.resource("Queue")
    for t, level in ((1, 1), (2, 2), (3, 0)):
        builder.level(queue, t, level)
    assert Recording(builder.build()).resource("Queue") == Use("Queue", None, 0, 0, 2)


def test_what_blocked_and_how_late() -> None:
    """The longest stall, the lateness of steps, and how long it all took; in seconds."""
    builder = TraceBuilder()
    task = builder.task("main", 0, 200)
    builder.step(task, 10, 130, ready=4)
    builder.stall(10, 130, task)
    builder.stall(140, 200)
    recording = Recording(builder.build(300))
    assert (recording.longest_stall_s, recording.late_p99_s, recording.wall_s) == (0.12, 0.006, 0.3)
    assert fetches().longest_stall_s == 0


@pytest.mark.parametrize("figure", ["peak", "peak_at_work", "longest_wait_s", "latest_s"])
def test_a_name_that_is_not_right_gives_no_figure(figure: str) -> None:
    """A test that asserts on it would pass for ever; the error lists the names that there are."""
    tasks = fetches().tasks("fecth")
    assert (len(tasks), list(tasks), tasks.failed) == (0, [], ())
    with pytest.raises(AsyncdemoError, match=r"No task is called 'fecth'.\nThere are main, fetch.$"):
        getattr(tasks, figure)


def test_a_resource_that_is_none() -> None:
    """The error lists those that there are."""
    with pytest.raises(AsyncdemoError, match=r"No resource is called 'Lock'.\nThere are Semaphore.$"):
        Recording(semaphore()).resource("Lock")
    with pytest.raises(AsyncdemoError, match=r"There are none.$"):
        fetches().resource("Lock")


def test_many_names_are_not_all_listed() -> None:
    """The error stays short."""
    builder = TraceBuilder()
    for number in range(20):
        builder.task(f"t{number}", 0, 1, coro=f"c{number}", parent=NONE)
    with pytest.raises(AsyncdemoError, match=r"There are c0, c1, c2, c3, c4, c5, c6, c7, ....$"):
        Recording(builder.build()).peak("x")


def test_questions_while_it_goes_on() -> None:
    """The answers are of what happened so far."""
    limit = 2

    async def fetch(slots: asyncio.Semaphore) -> None:
        async with slots:
            await asyncio.sleep(0.002)

    async def main() -> None:
        async with asyncdemo.record() as recording:
            slots = asyncio.Semaphore(limit)
            await asyncio.gather(*(fetch(slots) for _ in range(5)))
            assert recording.tasks("fetch").peak == 5
            assert recording.tasks("fetch").peak_at_work == recording.resource("Semaphore").peak_held == limit
            assert recording.tasks().pending == (recording.trace.task_name(0),)

    asyncio.run(main())
