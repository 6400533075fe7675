"""What of a program is recorded: chosen coroutines, the newest steps, a window of time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asyncdemo.recorder import RealClock, Recorder, VirtualClock
from asyncdemo.recorder.scope import Scope
from asyncdemo.recorder.tables import ROWS
from asyncdemo.run.window import Window
from asyncdemo.trace import NONE, Actor, Trace

Program = Callable[[], Coroutine[Any, Any, object]]


def recorded(program: Program, scope: Scope, loop: str = "virtual") -> Trace:
    """What is recorded of a program."""
    clock: RealClock | VirtualClock = VirtualClock() if loop == "virtual" else RealClock()
    factory = clock.new_event_loop if loop == "virtual" else lambda: clock.new_event_loop(loop)
    with (
        clock.installed(),
        Recorder(clock=clock, scope=scope) as recorder,
        asyncio.Runner(loop_factory=factory) as runner,
    ):
        runner.run(program())
    return recorder.stop()


def names(trace: Trace) -> list[str]:
    """The tasks' names."""
    return [trace.task_name(task) for task in range(len(trace.tasks))]


def made_by(trace: Trace) -> dict[str, str]:
    """By task the one that made it, "" for nobody."""
    parents = zip(names(trace), trace.tasks.parent, strict=True)
    return {name: "" if parent == NONE else trace.task_name(parent) for name, parent in parents}


@pytest.mark.parametrize(
    ("pattern", "module", "name", "admitted"),
    [
        pytest.param("worker", "app", "worker", True, id="a name"),
        pytest.param("worker", "app", "Pool.worker", False, id="a part of a qualified name"),
        pytest.param("*worker", "app", "Pool.worker", True, id="its end"),
        pytest.param("app", "app", "worker", True, id="a module"),
        pytest.param("app", "app.jobs", "worker", True, id="a package"),
        pytest.param("app", "application", "worker", False, id="the beginning of another module"),
        pytest.param("app.jobs.w*", "app.jobs", "worker", True, id="module and name"),
        pytest.param("App", "app", "worker", False, id="case matters"),
    ],
)
def test_patterns(pattern: str, module: str, name: str, admitted: bool) -> None:
    """A pattern stands for a qualified name, a module, a package, or module and name; to exclude wins."""
    assert Scope(include=(pattern,)).admits(module, name) is admitted
    assert Scope(exclude=(pattern,)).admits(module, name) is not admitted
    assert not Scope(include=("*",), exclude=("*",)).admits(module, name)


async def until(holds: Callable[[], bool]) -> None:
    """Waits for what happens outside the loop."""
    while not holds():  # noqa: ASYNC110 - nothing of the program's tells of it
        await asyncio.sleep(0.002)


async def child() -> None:
    """Waits twice."""
    await asyncio.sleep(0)
    await asyncio.sleep(1)


async def middle(lock: asyncio.Lock) -> None:
    """Makes a child, takes a lock, and wakes its maker."""
    inner = asyncio.create_task(child(), name="child")
    async with lock:
        await asyncio.sleep(1)
    await inner


async def outer() -> None:
    """Makes another task that makes one."""
    asyncio.current_task().set_name("outer")  # type: ignore[union-attr]
    lock = asyncio.Lock()
    async with lock:
        task = asyncio.create_task(middle(lock), name="middle")
        await asyncio.sleep(1)
    await task


@pytest.mark.parametrize("loop", ["virtual", "uvloop"])
def test_tasks_that_are_left_out_hand_their_children_on(loop: str) -> None:
    """Of a task that is excluded nothing is there; what it made was made by whoever made it."""
    trace = recorded(outer, Scope(exclude=("middle",)), loop)
    assert made_by(trace) == {"outer": "", "child": "outer"}
    assert {trace.tasks.steps[row] for row in range(2)} == {3}


def test_who_is_left_out_is_nobody_known() -> None:
    """A task woken by one that is left out was not woken by the network, and its hold lasts as long as it did."""
    trace = recorded(outer, Scope(exclude=("middle",)))
    last = [step for step in range(len(trace.steps)) if trace.steps.task[step] == 0][-1]
    assert trace.steps.waker[last] == Actor.UNKNOWN
    assert list(zip(trace.holds.task, trace.holds.from_ns, trace.holds.to_ns, strict=True)) == [(0, 0, 1_000_000_000)]


def test_only_what_is_included_is_there() -> None:
    """Include takes names and modules; the tasks between are gone."""
    assert names(recorded(outer, Scope(include=("child",)))) == ["child"]
    assert names(recorded(outer, Scope(include=(__name__,), exclude=("child",)))) == ["outer", "middle"]
    assert names(recorded(outer, Scope(include=("no.such",)))) == []


async def many() -> None:
    """Runs many short tasks of ten steps each, one after the other."""
    asyncio.current_task().set_name("main")  # type: ignore[union-attr]

    async def short() -> None:
        for _ in range(9):
            await asyncio.sleep(0.001)

    for number in range(150):
        await asyncio.create_task(short(), name=f"short {number}")


@pytest.mark.parametrize("most", [1, 15, 600])
def test_the_newest_steps_are_kept(most: int) -> None:
    """As many as asked for, the newest, with their tasks and these tasks' makers; how many were dropped is known."""
    whole, trace = recorded(many, Scope()), recorded(many, Scope(max_steps=most))
    kept = len(whole.steps) - most
    assert len(trace.steps) == most
    assert trace.lost["steps"] == kept
    assert names(trace) == ["main", *names(whole)[-len(trace.tasks) + 1 :]]
    assert [trace.task_name(task) for task in trace.steps.task] == [
        whole.task_name(task) for task in whole.steps.task[kept:]
    ]
    assert trace.duration_ns == whole.duration_ns - whole.steps.start_ns[kept]
    assert trace.steps.start_ns[0] == 0


def test_nothing_is_dropped_that_has_room() -> None:
    """With fewer steps than may be kept the trace is the whole one."""
    whole, trace = recorded(many, Scope()), recorded(many, Scope(max_steps=100_000))
    assert (len(trace.steps), trace.lost) == (len(whole.steps), {})
    assert list(trace.tasks.created_ns) == list(whole.tasks.created_ns)


def test_steps_are_counted_though_they_are_dropped() -> None:
    """A task tells how many steps it ran, kept or not."""

    async def busy() -> None:
        for _ in range(3 * ROWS):
            await asyncio.sleep(0)

    trace = recorded(busy, Scope(max_steps=10))
    assert list(trace.tasks.steps) == [3 * ROWS + 1]


def test_memory_is_bounded() -> None:
    """While it records, no more than the steps that are kept and a chunk or two are there."""
    recorder = Recorder(clock=(clock := VirtualClock()), scope=Scope(max_steps=ROWS))
    most = 0

    async def busy() -> None:
        nonlocal most
        for number in range(10 * ROWS):
            await asyncio.sleep(0)
            if number % ROWS == 0:
                most = max(most, *(len(loop.full) for loop in recorder.loops))

    with clock.installed(), recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(busy())
    assert most == 2


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_window_has_the_tasks_that_live_in_it(loop: str) -> None:
    """Tasks older than the window are there with those that made them, ended ones are not; it ends by itself."""
    recorder = Recorder(scope=Scope(since_s=0.05, for_s=0.05))

    async def old() -> None:
        await until(lambda: recorder.trace is not None)

    async def maker() -> None:
        tasks = [asyncio.create_task(old(), name="old")]
        await asyncio.gather(*tasks)

    async def main() -> None:
        asyncio.current_task().set_name("main")  # type: ignore[union-attr]
        await asyncio.create_task(asyncio.sleep(0), name="ended before")
        making = asyncio.create_task(maker(), name="maker")
        await until(lambda: window.opened)
        await asyncio.create_task(asyncio.sleep(0), name="in it")
        await making
        await asyncio.create_task(asyncio.sleep(0), name="after it")

    with (
        Window(recorder) as window,
        asyncio.Runner(loop_factory=lambda: RealClock().new_event_loop(loop)) as runner,
    ):
        runner.run(main())
    trace = recorder.stop()
    assert made_by(trace) == {"main": "", "maker": "main", "old": "maker", "in it": "main"}
    assert trace.meta["goes_on"] is True
    assert trace.duration_ns >= 50_000_000
    assert recorder.fault is None


def test_a_semaphore_of_before_the_window_keeps_its_limit() -> None:
    """How many slots it has was noted when it was made, though some are taken when the window begins."""
    recorder = Recorder(scope=Scope(since_s=0.05))

    async def main() -> None:
        semaphore = asyncio.Semaphore(3)
        await semaphore.acquire()
        await until(lambda: window.opened)
        async with semaphore:
            await asyncio.sleep(0)
        semaphore.release()

    with Window(recorder) as window:
        asyncio.run(main())
    assert list(recorder.stop().resources.limit) == [3]


def test_a_window_that_never_opens_is_empty() -> None:
    """A program that ends before has nothing recorded, and nothing stays patched."""
    recorder = Recorder(scope=Scope(since_s=60))
    with Window(recorder):
        asyncio.run(asyncio.sleep(0))
    trace = recorder.stop()
    assert (len(trace.tasks), len(trace.loops), "started" in trace.meta) == (0, 0, False)


def _size(recorder: Recorder) -> list[int]:
    """How many rows a recorder has in memory."""
    tasks, resources = recorder.tasks, recorder.resources
    return [
        *(tasks.count, len(tasks.finished), len(tasks.names), len(tasks.error), len(tasks.cancelled)),
        *(len(recorder.waits.table()), len(recorder.cancels.table()), len(recorder.output.rows)),
        *(len(resources.rows), len(resources.holds.site), len(resources.tables(0)[2]), len(recorder.strings.texts)),
    ]


def test_tasks_and_what_refers_to_them_are_bounded() -> None:
    """Of a program that never ends neither tasks, locks, holds, waits nor lines add up; what is kept is true."""
    recorder = Recorder(clock=(clock := VirtualClock()), scope=Scope(max_steps=100))
    sizes = []

    async def hold(lock: asyncio.Lock) -> None:
        async with lock:
            await asyncio.sleep(0.5)

    async def visit(number: int) -> None:
        lock = asyncio.Lock()
        holding = asyncio.create_task(hold(lock), name=f"hold {number}")
        waiting = asyncio.create_task(hold(lock), name=f"cancelled {number}")
        sys.stdout.write(f"visit {number}\n")
        await holding
        waiting.cancel()

    async def serve() -> None:
        queue: asyncio.Queue[int]
        asyncio.current_task().set_name("serve")  # type: ignore[union-attr]
        for number in range(4500):
            await asyncio.create_task(visit(number), name=f"visit {number}")
            queue = asyncio.Queue()
            queue.put_nowait(number)
            await queue.get()
            if number % 500 == 499:
                sizes.append(_size(recorder))

    with clock.installed(), recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(serve())
    trace = recorder.stop()
    assert recorder.fault is None
    assert sizes[-1] == pytest.approx(sizes[4], rel=0.2)
    assert len(trace.steps) == 100
    made = made_by(trace)
    shown = [name for name in made if name.startswith("visit")]
    assert shown[-1] == "visit 4499"
    assert {made[name] for name in shown} == {"serve"}
    assert all(made[name] == f"visit {name.split()[1]}" for name in made if name.startswith("hold"))
    assert list(trace.tasks.created_ns) == sorted(trace.tasks.created_ns)
    assert [trace.text(line) for line in trace.lines.text][-1] == "visit 4499"
    locks: dict[int, set[str]] = {}
    for task, resource in zip(trace.holds.task, trace.holds.resource, strict=True):
        locks.setdefault(resource, set()).add(trace.task_name(task).split()[1])
    assert {len(visits) for visits in locks.values()} == {1}
