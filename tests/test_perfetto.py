"""The Perfetto export: what ui.perfetto.dev and chrome://tracing rely on."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array
from collections import defaultdict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from asyncdemo import exporters
from asyncdemo.exporters import Run
from asyncdemo.joining import Child, joined
from asyncdemo.recorder import Recorder
from asyncdemo.trace import NONE, Outcome, Processes, Trace, Wait
from asyncdemo.views.names import lane_names
from tests.traces import TraceBuilder, family, of_process, semaphore

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


CATEGORIES = {"task": "tasks", "stall": "loops", "gc": "loops", "job": "workers", "hold": "slots"}
"""What kind of track the first slice of a track makes it."""
Track = tuple[int, int]


def slices(found: list[Event], kind: str) -> dict[Track, list[Event]]:
    """The slices of each track of a kind, in the order in which they come."""
    tracks = defaultdict(list)
    for each in found:
        if each["ph"] == "X":
            tracks[each["pid"], each["tid"]].append(each)
    return {track: each for track, each in tracks.items() if CATEGORIES[each[0]["cat"]] == kind}


def named(found: list[Event], what: str = "thread_name") -> dict[Track, str]:
    """What each track, or each process, is called, in the order in which viewers show them."""
    order = {
        (each["pid"], each["tid"]): each["args"] for each in found if each["name"] == what.replace("name", "sort_index")
    }
    names = {(each["pid"], each["tid"]): each["args"]["name"] for each in found if each["name"] == what}
    return dict(sorted(names.items(), key=lambda item: order[item[0]]["sort_index"]))


def tracks_of_tasks(found: list[Event], trace: Trace) -> list[Track]:
    """The track of each task: they come last."""
    return list(named(found))[-len(trace.tasks) :]


def ns(event: Event) -> tuple[int, int]:
    """Start and end of a slice in nanoseconds, which the three decimals keep exactly."""
    start = round(event["ts"] * 1000)
    return start, start + round(event["dur"] * 1000)


def ns_of(event: Event) -> int:
    """When an event is, in nanoseconds."""
    return int(round(event["ts"] * 1000))  # noqa: RUF046 - what json gives is Any


@pytest.mark.parametrize("kind", ["tasks", "loops", "workers", "slots"])
def test_slices_of_a_track_ascend_and_nest(trace: Trace, kind: str) -> None:
    """No slice begins before the one before it, and none reaches out of the one that it lies in."""
    for track in slices(events(trace), kind).values():
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
    found, names = events(trace), lane_names(trace, range(len(trace.tasks)))
    tracks = slices(found, "tasks")
    assert list(tracks) == tracks_of_tasks(found, trace)
    for task, (track, (life, *pieces)) in enumerate(tracks.items()):
        assert life["name"] == named(found)[track] == names[task]
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
    steps, tracks = trace.steps, tracks_of_tasks(found, trace)
    for row, leave in leaves.items():
        assert leave["ts"] <= arrives[row]["ts"]
        ends = [(each["pid"], each["tid"]) for each in (leave, arrives[row])]
        assert ends == [tracks[steps.waker[row]], tracks[steps.task[row]]]
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
    said = {each["name"]: each for each in found if each["ph"] in "Xi" and each["cat"] != "job"}
    assert said["sleep"]["args"]["at"].startswith("test_perfetto.py:")
    assert said["Semaphore"]["cat"] == "wait"
    assert {"got 0", "got 4"} <= said.keys()
    assert [each["name"] for track in slices(found, "loops").values() for each in track] == ["loop blocked"]
    lives = [each for each in found if each["ph"] == "X" and each["cat"] == "task"]
    assert [each["args"]["error"] for each in lives if each["args"]["outcome"] == "failed"] == ["ValueError: bad"]
    assert [each["args"]["cancelled_by"] for each in lives if each["name"] == "consumer"] == [lives[0]["name"]]
    assert [each["cat"] for track in slices(found, "workers").values() for each in track] == ["job"]
    assert len(slices(found, "slots")) == 2


def test_times_before_the_first_task_move_the_beginning() -> None:
    """The format has no negative times."""
    builder = TraceBuilder()
    task = builder.task("early", -2, 3)
    builder.step(task, -1, 0, wait=builder.wait(Wait.SLEEP))
    assert min(each["ts"] for each in events(builder.build()) if "ts" in each) == 0


def test_each_process_is_one_of_theirs() -> None:
    """With the system's number and its name, its loop, threads, slots and tasks in it, and counters of its own."""
    found = events(family())
    assert named(found, "process_name") == {
        (100, 0): "app.py: MainProcess",
        (7, 0): "app.py: Fork-1",
        (8, 0): "app.py: Fork-2",
        (101, 0): "process not known",
    }
    tracks = defaultdict(list)
    for (pid, _), name in named(found).items():
        tracks[pid].append(name)
    loop = "asyncio.unix_events._UnixSelectorEventLoop in MainThread"
    assert tracks == {
        100: [loop, "garbage collector", "pool_0", "Lock", "main-1", "job"],
        7: [loop, "garbage collector", "pool_0", "Lock in Fork-1", "main-1", "job"],
        8: [loop, "pool_0", "Lock in Fork-2", "main-1", "job"],
        101: ["garbage collector"],
    }
    for kind, several in {"tasks": 6, "loops": 6, "workers": 3, "slots": 3}.items():
        assert len(slices(found, kind)) == several
    counters = {(each["pid"], each["name"]) for each in found if each["ph"] == "C"}
    assert {pid for pid, name in counters if name == "tasks in flight"} == {100, 7, 8}
    assert {(pid, name) for pid, name in counters if "length" in name} == {
        (101, "Queue length"),
        (7, "Queue in Fork-1 length"),
    }
    assert {name.partition(", ")[2]: pid for pid, name in counters if "late" in name} == {
        "asyncio 1": 100,
        "asyncio 2": 7,
        "asyncio 3": 8,
    }


def test_nothing_has_the_number_of_itsof_process() -> None:
    """A thread with it would be taken for the main thread, and stand above the others."""
    for trace in (family(), semaphore()):
        tracks = named(events(trace))
        assert not {pid for pid, _ in tracks} & {track for _, track in tracks}
        assert len({track for _, track in tracks}) == len(tracks)


def test_numbers_that_the_system_gave_twice_are_told_apart() -> None:
    """A child may have had the number of one before it."""
    children = [Child(of_process(name, 7, queue=False, awaited=False), 0, 100) for name in ("one", "two")]
    found = events(joined(of_process("MainProcess", 100, queue=False, awaited=False), children))
    assert list(named(found, "process_name").values())[:3] == ["app.py: MainProcess", "app.py: one", "app.py: two"]
    assert [pid for pid, _ in named(found, "process_name")][:3] == [1, 2, 3]


def test_a_line_of_no_task_is_of_noof_process() -> None:
    """It stands over all of them."""
    lines = [each for each in events(family()) if each["ph"] == "i"]
    assert {each["name"] for each in lines} == {"MainProcess speaks", "Fork-1 speaks", "Fork-2 speaks"}
    assert {each["s"] for each in lines} == {"g"}


def test_a_recording_of_the_first_format_has_oneof_process() -> None:
    """It knew of none."""
    trace = semaphore()
    loops = replace(trace.loops, process=array("i", [NONE]))
    assert named(events(replace(trace, processes=Processes(), loops=loops)), "process_name") == {(1, 0): "app.py"}
