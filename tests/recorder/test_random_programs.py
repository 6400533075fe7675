"""Recorder: random programs behave the same recorded and unrecorded, and their traces hold together."""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdemo.recorder import Recorder, VirtualClock
from asyncdemo.timeline import intervals_by_task
from asyncdemo.trace import NONE, Actor, Outcome, Trace
from tests.recorder.recordings import named

Action = tuple[Any, ...]
MOST_TASKS = 20
WAITS = st.sampled_from([0, 0, 1, 1, 2, 3])


def actions() -> st.SearchStrategy[list[Action]]:
    """What a task does, one after the other; tasks that it makes do the like."""
    leaf = st.one_of(
        st.tuples(st.just("sleep"), WAITS),
        st.tuples(st.sampled_from(["set", "clear", "event", "notify", "condition", "raise", "barrier", "block"])),
        st.tuples(st.sampled_from(["put", "get", "put_nowait"])),
        st.tuples(st.just("cancel"), st.integers(0, MOST_TASKS)),
        st.tuples(st.just("await"), st.integers(0, MOST_TASKS)),
    )

    def nested(inner: st.SearchStrategy[Action]) -> st.SearchStrategy[Action]:
        body = st.lists(inner, max_size=4)
        return st.one_of(
            st.tuples(
                st.sampled_from(["lock", "semaphore", "bounded", "spawn", "catch", "group", "locked condition"]), body
            ),
            st.tuples(st.sampled_from(["gather", "gather all"]), st.lists(body, max_size=3)),
            st.tuples(st.sampled_from(["timeout", "wait_for", "shield"]), body, WAITS),
        )

    return st.lists(st.recursive(leaf, nested, max_leaves=12), max_size=6)


class World:
    """What the tasks of a program share, and the log of what they did."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.semaphore = asyncio.Semaphore(2)
        self.bounded = asyncio.BoundedSemaphore(1)
        self.condition = asyncio.Condition()
        self.event = asyncio.Event()
        self.barrier = asyncio.Barrier(2)
        self.queue = asyncio.Queue[int](1)
        self.tasks: list[asyncio.Task[Any]] = []
        self.log: list[Any] = []
        self.time = asyncio.get_running_loop().time

    def note(self, *what: Any) -> None:
        """Adds a line to the log: when, who, what."""
        task = asyncio.current_task()
        assert task is not None
        self.log.append((self.time(), plain(task.get_name()), *what))

    def make(self, body: list[Action]) -> asyncio.Task[Any] | None:
        """A task that does this, unless there are too many."""
        if len(self.tasks) >= MOST_TASKS:
            return None
        task = asyncio.create_task(self.run(body), name=f"t{len(self.tasks)}")
        self.tasks.append(task)
        return task

    async def run(self, body: list[Action]) -> int:
        """Does one action after the other, and notes how it ended."""
        self.note("begins", plain(repr(asyncio.current_task())))
        try:
            for action in body:
                self.note(*action[:1])
                await self.do(*action)
        except BaseException as error:
            self.note("ends", type(error).__name__, str(error), plain(traceback.format_exc()))
            raise
        self.note("returns")
        return len(body)

    async def do(self, name: str, *args: Any) -> None:  # noqa: C901, PLR0912 - one branch an action
        """Does one action."""
        if name in {"lock", "semaphore", "bounded"}:
            async with getattr(self, name):
                await self.run(*args)
        elif name == "locked condition":
            async with self.condition:
                await self.run(*args)
        elif name == "condition":
            async with self.condition:
                await self.condition.wait()
        elif name == "notify":
            async with self.condition:
                self.condition.notify()
        elif name == "sleep":
            await asyncio.sleep(*args)
        elif name == "block":
            import time

            time.sleep(0.5)  # noqa: ASYNC251
        elif name in {"set", "clear"}:
            getattr(self.event, name)()
        elif name in {"event", "barrier"}:
            await getattr(self, name).wait()
        elif name == "put":
            await self.queue.put(1)
        elif name == "put_nowait":
            self.queue.put_nowait(1)
        elif name == "get":
            self.note("got", await self.queue.get())
        elif name == "raise":
            raise ValueError("no luck")
        elif name in {"cancel", "await"}:
            await self.act_on(name, *args)
        else:
            await self.nest(name, *args)

    async def act_on(self, name: str, number: int) -> None:
        """Cancels some other task, or awaits a younger one: never in a circle."""
        me = asyncio.current_task()
        others = [task for task in self.tasks if task is not me]
        if name == "await":
            others = self.tasks[self.tasks.index(me) + 1 :] if me in self.tasks else []
        if others:
            task = others[number % len(others)]
            self.note(task.cancel()) if name == "cancel" else await task

    async def nest(self, name: str, body: list[Any], delay: float = 0) -> None:
        """Does further actions: in tasks, with a timeout, caught."""
        if name == "spawn":
            self.make(body)
        elif name == "catch":
            try:
                await self.run(body)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
                self.note("caught", type(error).__name__)
        elif name == "timeout":
            async with asyncio.timeout(delay):
                await self.run(body)
        elif name == "wait_for":
            await asyncio.wait_for(self.run(body), delay)
        elif name == "shield":
            task = self.make(body)
            if task:
                await asyncio.wait_for(asyncio.shield(task), delay)
        elif name == "group":
            async with asyncio.TaskGroup() as group:
                for action in body[:1]:  # it cancels its tasks in no certain order
                    group.create_task(self.run([action]), name="in group")
        else:
            tasks = [task for each in body if (task := self.make(each))]
            self.note(plain(repr(await asyncio.gather(*tasks, return_exceptions=name == "gather all"))))


def plain(text: str) -> str:
    """A text without addresses and the default names' numbers."""
    return re.sub(r"0x[0-9a-f]+|Task-\d+", "", text)


async def main(body: list[Action]) -> list[Any]:
    """Runs a program for at most ten seconds; the log of what it did."""
    named("main")
    world, loop = World(), asyncio.get_running_loop()
    handle = loop.call_later(10, world.event.is_set)
    world.note(plain(repr(handle)), plain(repr(loop.call_soon(world.event.is_set))))
    task = world.make(body)
    assert task is not None
    await asyncio.wait([task], timeout=10)
    while not all(each.done() for each in world.tasks):
        for each in world.tasks:
            each.cancel()
        await asyncio.wait(world.tasks, timeout=1)
    results = await asyncio.gather(*world.tasks, return_exceptions=True)
    world.note(*(plain(repr(result)) for result in results), *(plain(repr(each)) for each in world.tasks))
    return world.log


def run(body: list[Action], recorder: Callable[[VirtualClock], Any]) -> list[Any]:
    """Runs a program in virtual time."""
    clock = VirtualClock()
    with clock.installed(), recorder(clock), asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.get_loop().set_exception_handler(lambda *_: None)
        return runner.run(main(body))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(actions())
def test_recording_changes_nothing_and_traces_hold_together(body: list[Action]) -> None:
    """The log of events, times, results, tracebacks and representations is the same, line by line."""
    recorders: list[Recorder] = []

    def recorder(clock: VirtualClock) -> Recorder:
        recorders.append(Recorder(clock=clock))
        return recorders[0]

    unrecorded = run(body, lambda _: nullcontext())
    recorded = run(body, recorder)

    assert recorded == unrecorded
    assert "asyncdemo/recorder" not in repr(recorded)
    assert recorders[0].fault is None
    trace = recorders[0].stop()
    check_tasks(trace)
    check_steps(trace)
    check_lives(trace)
    check_holds(trace)


def check_tasks(trace: Trace) -> None:
    """Every task ended, after it began, and was made by an older one; who cancelled it exists."""
    tasks = trace.tasks
    for row in range(len(tasks)):
        assert tasks.outcome[row] != Outcome.PENDING
        assert 0 <= tasks.created_ns[row] <= tasks.started_ns[row] <= tasks.ended_ns[row] <= trace.duration_ns
        assert NONE <= tasks.parent[row] < row
        assert min(Actor) <= tasks.cancelled_by[row] < len(tasks)
        assert (tasks.error[row] != NONE) == (tasks.outcome[row] == Outcome.RAISED)
        assert tasks.waiting[row] == NONE
    assert list(tasks.created_ns) == sorted(tasks.created_ns)


def check_steps(trace: Trace) -> None:
    """Steps lie within their task's life, one at a time; each has a known reason and waker."""
    steps, tasks = trace.steps, trace.tasks
    counts = [0] * len(tasks)
    for row in range(len(steps)):
        task = steps.task[row]
        assert tasks.created_ns[task] <= steps.ready_ns[row] <= steps.start_ns[row] <= steps.end_ns[row]
        assert steps.end_ns[row] <= tasks.ended_ns[task]
        assert (steps.wait[row] == NONE) == (counts[task] == 0)
        assert steps.wait[row] < len(trace.waits)
        assert min(Actor) <= steps.waker[row] < len(tasks)
        counts[task] += 1
    assert counts == list(tasks.steps)
    for row, following in pairwise(range(len(steps))):
        assert steps.end_ns[row] <= steps.start_ns[following]


def check_lives(trace: Trace) -> None:
    """Waits and steps tile each task's life without a gap."""
    for task, life in enumerate(intervals_by_task(trace)):
        reached = trace.tasks.created_ns[task]
        for interval in life:
            assert interval.start_ns == reached
            reached = interval.end_ns
        assert reached == trace.tasks.ended_ns[task]


def check_holds(trace: Trace) -> None:
    """Holds lie within their task's life, and there are never more than the resource's limit."""
    holds, tasks = trace.holds, trace.tasks
    for row in range(len(holds)):
        task = holds.task[row]
        assert tasks.created_ns[task] <= holds.asked_ns[row] <= holds.from_ns[row] <= holds.to_ns[row]
        assert holds.to_ns[row] <= tasks.ended_ns[task]
    for resource, limit in enumerate(trace.resources.limit):
        changes = sorted(
            change
            for row, of in enumerate(holds.resource)
            if of == resource and holds.from_ns[row] < holds.to_ns[row]
            for change in ((holds.from_ns[row], 1), (holds.to_ns[row], -1))
        )
        held = 0
        for _, change in changes:
            held += change
            assert held <= limit or limit == NONE
