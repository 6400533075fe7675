"""Recorder: what successive snapshots say of tasks that have not ended."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from asyncdemo.compiled import hot
from asyncdemo.recorder import Recorder
from asyncdemo.recorder.pending import MOST_NAMED, MOST_PENDING, _unfinished
from asyncdemo.trace import NONE, Outcome, Trace, Wait
from tests.recorder.recordings import REAL_LOOPS, new_loop

MANY = MOST_NAMED + 40
HALF = MANY // 2
READY = None
"""Waits for nothing."""


def kinds(trace: Trace) -> Counter[Wait | None]:
    """How many pending tasks wait for what, without the main task, which takes the snapshots."""
    tasks = list(zip(trace.tasks.outcome, trace.tasks.waiting, strict=True))[1:]
    return Counter(
        READY if wait == NONE else Wait(trace.waits.kind[wait]) for how, wait in tasks if how == Outcome.PENDING
    )


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_snapshots_follow_what_tasks_wait_for(loop: str, debug: bool) -> None:
    """Whether they have done nothing since the snapshot before, are about to run, wait for something else, or ended."""
    found: list[Counter[Wait | None]] = []
    names: list[list[str]] = []
    started: list[list[int]] = []

    def look(times: int = 1) -> None:
        for _ in range(times):
            if hot:
                assert hot.unfinished(recorder.tasks.steps) == _unfinished(recorder.tasks.steps)
            trace, _ = recorder.snapshot()
            found.append(kinds(trace))
            names.append([trace.text(name) for name in trace.tasks.name[1:3]])
            started.append(list(trace.tasks.started_ns))
            so_far = zip(trace.tasks.outcome, trace.tasks.ended_ns, strict=True)
            assert {end for how, end in so_far if how == Outcome.PENDING} == {trace.duration_ns}

    async def main() -> None:
        event, queue = asyncio.Event(), asyncio.Queue[int]()

        async def job() -> None:
            await event.wait()
            await queue.get()

        jobs = [asyncio.create_task(job(), name=f"job {number}") for number in range(MANY)]
        look()
        await asyncio.sleep(0)
        look(2)
        jobs[0].set_name("renamed while it waits")
        event.set()
        look()
        await asyncio.sleep(0)
        look(2)
        for number in range(HALF):
            queue.put_nowait(number)
        look()
        await asyncio.sleep(0)
        look(2)
        for task in jobs:
            task.cancel()
        await asyncio.wait(jobs)
        look()

    with Recorder() as recorder, asyncio.Runner(loop_factory=new_loop(loop), debug=debug) as runner:
        runner.run(main())
    trace = recorder.stop()

    rest = MANY - HALF
    assert found == [
        *[Counter({READY: MANY}), Counter({Wait.EVENT: MANY}), Counter({Wait.EVENT: MANY})],
        *[Counter({READY: MANY}), Counter({Wait.QUEUE_GET: MANY}), Counter({Wait.QUEUE_GET: MANY})],
        Counter({READY: HALF, Wait.QUEUE_GET: rest}),
        *[Counter({Wait.QUEUE_GET: rest}), Counter({Wait.QUEUE_GET: rest}), Counter()],
    ]
    assert names[1:] == [["job 0", "job 1"]] * 3 + [["renamed while it waits", "job 1"]] * 6
    assert started[1:] == [list(trace.tasks.started_ns)] * 9


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_what_others_waited_for_is_told_of_those_who_came_to_the_same_lines(loop: str) -> None:
    """What is known of a line from before is not read again, and is told of no other line of the same function."""

    async def job(*, first: bool) -> None:
        if first:
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def main() -> list[Counter[tuple[Wait, int]]]:
        jobs, found = list[asyncio.Task[None]](), list[Counter[tuple[Wait, int]]]()
        for _ in range(3):
            jobs += [asyncio.create_task(job(first=first)) for first in (True, False, False)]
            await asyncio.sleep(0)
            trace = recorder.snapshot()[0]
            waits = [wait for wait in list(trace.tasks.waiting)[1:] if wait != NONE]
            lines = [trace.sites.line[trace.waits.site[wait]] - job.__code__.co_firstlineno for wait in waits]
            found.append(Counter(zip((Wait(trace.waits.kind[wait]) for wait in waits), lines, strict=True)))
        for task in jobs:
            task.cancel()
        await asyncio.wait(jobs)
        return found

    with Recorder() as recorder, asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        found = runner.run(main())

    assert found == [Counter({(Wait.SLEEP, 2): times, (Wait.SLEEP, 3): 2 * times}) for times in (1, 2, 3)]


def test_of_very_many_tasks_nothing_is_said() -> None:
    """A snapshot does not ask each of them what it waits for."""

    async def main() -> Counter[Wait | None]:
        event = asyncio.Event()
        jobs = [asyncio.create_task(event.wait()) for _ in range(MOST_PENDING)]
        await asyncio.sleep(0)
        found = kinds(recorder.snapshot()[0])
        event.set()
        await asyncio.wait(jobs)
        return found

    with Recorder() as recorder:
        assert asyncio.run(main()) == Counter({READY: MOST_PENDING})


@pytest.mark.skipif(hot is None, reason="nothing is compiled here")
def test_steps_come_by_identity() -> None:
    """Anything else is refused."""
    steps = hot.ByIdentity()
    steps[1] = object()

    with pytest.raises(TypeError, match="steps are in a `ByIdentity`"):
        hot.unfinished({})
    with pytest.raises(AttributeError):
        hot.unfinished(steps)
