"""The Perfetto export: what ui.perfetto.dev and chrome://tracing rely on."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from asyncdemo import Trace, exporters
from asyncdemo.exporters import Run
from asyncdemo.exporters.perfetto import LOOPS, RESOURCES, TASKS, WORKERS
from asyncdemo.recorder import Recorder
from asyncdemo.trace import Outcome, Wait
from tests.traces import TraceBuilder, semaphore

Event = dict[str, Any]


def events(trace: Trace) -> list[Event]:
    """The trace events of an export."""
    whole = json.loads("".join(exporters.find("perfetto").export(trace, Run("app.py", version="1"))))
    assert whole["displayTimeUnit"] == "ms"
    found: list[Event] = whole["traceEvents"]
    return found


async def busy() -> None:
    """A bit of everything: slots, a queue, a thread, a failure, a cancellation, printed lines, a blocked loop."""
    slots, queue = asyncio.Semaphore(2), asyncio.Queue[int]()

    async def job(number: int) -> None:
        async with slots:
            await asyncio.sleep(0.002)
            queue.put_nowait(number)
        if number == 1:
            raise ValueError("bad")

    async def consume() -> None:
        while True:
            sys.stdout.write(f"got {await queue.get()}\n")

    consumer = asyncio.create_task(consume(), name="consumer")
    await asyncio.gather(*(job(number) for number in range(5)), return_exceptions=True)
    with ThreadPoolExecutor(1) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, time.sleep, 0.002)
    time.sleep(0.06)  # noqa: ASYNC251 - the loop is to be blocked
    consumer.cancel()
    await asyncio.wait([consumer])


async def crowd() -> None:
    """Many tasks that take turns."""

    async def turn() -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    await asyncio.gather(*(turn() for _ in range(50)))


def recorded(program: Callable[[], Awaitable[None]]) -> Trace:
    """What is recorded of a program."""
    with Recorder() as recorder, asyncio.Runner() as runner:
        runner.run(program())  # type: ignore[arg-type]
    return recorder.stop()


@pytest.fixture(scope="module", params=["made up", busy, crowd], ids=["made up", "busy", "crowd"])
def trace(request: pytest.FixtureRequest) -> Trace:
    """Traces of several kinds."""
    return semaphore() if request.param == "made up" else recorded(request.param)


def slices(found: list[Event], group: int) -> dict[int, list[Event]]:
    """The slices of a group's tracks, in the order in which they come."""
    tracks = defaultdict(list)
    for each in found:
        if each["ph"] == "X" and each["pid"] == group:
            tracks[each["tid"]].append(each)
    return tracks


def ns(event: Event) -> tuple[int, int]:
    """Start and end of a slice in nanoseconds, which the three decimals keep exactly."""
    start = round(event["ts"] * 1000)
    return start, start + round(event["dur"] * 1000)


def ns_of(event: Event) -> int:
    """When an event is, in nanoseconds."""
    return int(round(event["ts"] * 1000))  # noqa: RUF046 - what json gives is Any


@pytest.mark.parametrize("group", [TASKS, LOOPS, WORKERS, RESOURCES])
def test_slices_of_a_track_ascend_and_nest(trace: Trace, group: int) -> None:
    """No slice begins before the one before it, and none reaches out of the one that it lies in."""
    for track in slices(events(trace), group).values():
        begins, around = 0, list[int]()
        for start, end in map(ns, track):
            assert start >= begins
            begins = start
            while around and around[-1] <= start:
                around.pop()
            assert not around or end <= around[-1]
            around.append(end)


def test_a_life_is_tiled_by_what_the_task_did(trace: Trace) -> None:
    """Each task's track has its life, and in it without a gap what it ran, was ready and waited for."""
    tracks = slices(events(trace), TASKS)
    assert len(tracks) == len(trace.tasks)
    for task, (life, *pieces) in sorted((track - 1, each) for track, each in tracks.items()):
        assert life["name"] == trace.task_name(task)
        assert ns(life) == (trace.tasks.created_ns[task], trace.tasks.ended_ns[task])
        ends = [ns(life)[0], *(ns(each)[1] for each in pieces)]
        assert [ns(each)[0] for each in pieces] == ends[:-1]
        assert ends[-1] == ns(life)[1] or trace.tasks.outcome[task] == Outcome.DESTROYED


def test_arrows_pair_up(trace: Trace) -> None:
    """Each arrow leaves a track once, and arrives once, later, at a step of the task that was woken."""
    found = events(trace)
    leaves = {each["id"]: each for each in found if each["ph"] == "s"}
    arrives = {each["id"]: each for each in found if each["ph"] == "f"}
    assert len(leaves) == len([each for each in found if each["ph"] == "s"])
    assert leaves.keys() == arrives.keys()
    steps = trace.steps
    for row, leave in leaves.items():
        assert leave["ts"] <= arrives[row]["ts"]
        assert (leave["tid"], arrives[row]["tid"]) == (steps.waker[row] + 1, steps.task[row] + 1)
        assert (ns_of(leave), ns_of(arrives[row])) == (steps.ready_ns[row], steps.start_ns[row])


def test_counters_are_there() -> None:
    """Concurrency, lateness and the length of the queue, each ascending in time and back at zero where it should."""
    counters = defaultdict(list)
    for each in events(recorded(busy)):
        if each["ph"] == "C":
            counters[each["name"].partition(",")[0]].append((each["ts"], each["args"]["value"]))
    assert counters.keys() == {"tasks in flight", "lateness in us", "Queue length"}
    for values in counters.values():
        assert values == sorted(values, key=lambda each: each[0])
    assert counters["tasks in flight"][-1][1] == 0
    assert max(value for _, value in counters["tasks in flight"]) == 7
    assert counters["Queue length"][-1][1] == 0
    assert all(value >= 0 for _, value in counters["lateness in us"])


def test_everything_is_said_somewhere() -> None:
    """Waits with their lines, outcomes, jobs on their threads, slots, printed lines and the blocked loop."""
    found = events(recorded(busy))
    named = {each["name"]: each for each in found if each["ph"] in "Xi" and each["cat"] != "job"}
    assert named["sleep"]["args"]["at"].startswith("test_perfetto.py:")
    assert named["Semaphore"]["cat"] == "wait"
    assert {"got 0", "got 4"} <= named.keys()
    assert named["loop blocked"]["pid"] == LOOPS
    lives = [each for each in found if each["ph"] == "X" and each["cat"] == "task"]
    assert [each["args"]["error"] for each in lives if each["args"]["outcome"] == "failed"] == ["ValueError: bad"]
    assert [each["args"]["cancelled_by"] for each in lives if each["name"] == "consumer"] == [lives[0]["name"]]
    assert [each["cat"] for track in slices(found, WORKERS).values() for each in track] == ["job"]
    assert len(slices(found, RESOURCES)) == 2


def test_times_before_the_first_task_move_the_beginning() -> None:
    """The format has no negative times."""
    builder = TraceBuilder()
    task = builder.task("early", -2, 3)
    builder.step(task, -1, 0, wait=builder.wait(Wait.SLEEP))
    assert min(each["ts"] for each in events(builder.build()) if "ts" in each) == 0
