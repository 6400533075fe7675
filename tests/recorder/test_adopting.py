"""Recorder: started inside a loop that runs already, or with tasks that are there already."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asyncdemo.recorder import Recorder
from asyncdemo.recorder.loops import LoopRecorder
from asyncdemo.trace import NONE, Actor, Outcome, Wait
from tests.recorder.recordings import REAL_LOOPS, TICK, Recording, named, new_loop


def record_inside(program: Callable[[Recorder], Coroutine[Any, Any, Any]], loop: str) -> Recording:
    """Runs `program`, which starts and stops the recorder itself."""
    recorder = Recorder()
    with asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        result: Any = runner.run(program(recorder))
    assert recorder.fault is None, recorder.fault
    return Recording(recorder.stop(), result)


def block(recorder: Recorder) -> None:
    """Holds the loop up for 60 ms."""
    end = recorder.now() + 60_000_000
    while recorder.now() < end:
        pass


async def idle() -> None:
    """Waits until somebody cancels it."""
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_tasks_that_are_there_already_begin_with_the_recording(loop: str) -> None:
    """They are rows from its start on, the one that starts it first, and nothing is said of what made them."""

    async def main(recorder: Recorder) -> None:
        named("main")
        old = [asyncio.create_task(idle(), name=f"old {number}") for number in (10, 9, 1)]
        await asyncio.sleep(0)
        with recorder:
            await asyncio.create_task(asyncio.sleep(TICK), name="new")
        for task in old:
            task.cancel()

    recording = record_inside(main, loop)
    tasks = recording.trace.tasks

    assert [recording.trace.task_name(row) for row in range(len(tasks))] == ["main", "old 1", "old 9", "old 10", "new"]
    assert list(tasks.created_ns[:4]) == list(tasks.started_ns[:4]) == [0, 0, 0, 0]
    assert list(tasks.parent) == [NONE, NONE, NONE, NONE, 0]
    assert list(tasks.site[:4]) == [NONE] * 4
    assert recording.trace.meta["adopted"] == recording.trace.lost["beginnings of older tasks"] == 4


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_the_step_in_which_the_recording_begins(loop: str) -> None:
    """What it does is its task's doing: it makes tasks, prints and wakes; the step is one from the start on."""

    async def main(recorder: Recorder) -> None:
        named("main")
        event = asyncio.Event()
        waits = asyncio.create_task(event.wait(), name="waits")
        await asyncio.sleep(0)
        with recorder:
            sys.stdout.write("said in the first step\n")
            event.set()
            await waits

    recording = record_inside(main, loop)
    trace = recording.trace

    assert recording.lines() == [("main", "said in the first step", 1)]
    assert trace.task_name(trace.steps.waker[recording.steps("waits")[0]]) == "main"
    first = recording.steps("main")[0]
    assert (trace.steps.start_ns[first], trace.steps.wait[first]) == (0, NONE)
    assert trace.steps.waker[first] == Actor.UNKNOWN


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_what_an_older_task_waited_for_is_told(loop: str) -> None:
    """It has waited since the recording began at the latest, and its chain of awaits says for what."""

    async def main(recorder: Recorder) -> None:
        queue = asyncio.Queue[int]()
        getter = asyncio.create_task(queue.get(), name="getter")
        sleeper = asyncio.create_task(asyncio.sleep(2 * TICK), name="sleeper")
        idler = asyncio.create_task(idle(), name="idler")
        await asyncio.sleep(0)
        with recorder:
            await asyncio.sleep(TICK)
            queue.put_nowait(1)
            await asyncio.gather(getter, sleeper)
        idler.cancel()

    recording = record_inside(main, loop)

    assert [wait.kind for wait in recording.waits("getter")] == [Wait.QUEUE_GET]
    assert [wait.kind for wait in recording.waits("sleeper")] == [Wait.SLEEP]
    assert recording.outcome("getter") == recording.outcome("sleeper") == Outcome.RETURNED
    assert recording.waits_for("idler") == "future"


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_steps_that_were_scheduled_before_run_unseen(loop: str) -> None:
    """A task that was ready already runs once unseen; one that ends in that step is known to have ended."""

    async def yields() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def nothing() -> None:
        pass

    async def main(recorder: Recorder) -> None:
        tasks = [asyncio.create_task(yields(), name="yields"), asyncio.create_task(nothing(), name="nothing")]
        with recorder:
            for _ in range(4):
                await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    recording = record_inside(main, loop)

    assert recording.outcome("nothing") == recording.outcome("yields") == Outcome.RETURNED
    assert recording.steps("nothing") == []
    assert [wait.kind for wait in recording.waits("yields")] == [Wait.YIELD, Wait.YIELD]
    assert len(recording.trace.tasks) == 3


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_first_step_that_ends_with_sleep_zero(loop: str) -> None:
    """The step that began the recording ends where it gives way, and its task goes on as the same row."""

    async def main(recorder: Recorder) -> None:
        with recorder:
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    recording = record_inside(main, loop)

    assert len(recording.trace.tasks) == 1
    assert [recording.trace.waits.kind[wait] for wait in list(recording.trace.steps.wait)[1:]] == [Wait.YIELD] * 2
    assert recording.trace.steps.wait[0] == NONE


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_lock_that_the_first_step_asks_for(loop: str) -> None:
    """The hold begins when the older holder gives it away, not when it was asked for; one that is free begins there."""

    async def main(recorder: Recorder) -> int:
        named("main")
        taken, free = asyncio.Lock(), asyncio.Lock()
        released: list[int] = []

        def release() -> None:
            released.append(recorder.now() - recorder.origin())
            taken.release()

        await taken.acquire()
        asyncio.get_running_loop().call_later(TICK, release)
        with recorder:
            async with free, taken:
                pass
        return released[0]

    recording = record_inside(main, loop)
    holds = recording.holds()

    assert [(hold.resource, hold.task) for hold in holds] == [("Lock", "main"), ("Lock 2", "main")]
    assert holds[0].start == holds[0].asked
    assert recording.trace.holds.from_ns[1] >= recording.result


def test_what_was_ready_before_is_no_part_of_the_first_step() -> None:
    """It is over before a callback that was scheduled earlier runs, however long that takes."""

    async def main(recorder: Recorder) -> int:
        began: list[int] = []
        asyncio.get_running_loop().call_soon(lambda: began.append(recorder.now() - recorder.origin()))
        with recorder:
            await asyncio.sleep(TICK)
        return began[0]

    recording = record_inside(main, "asyncio")

    assert recording.trace.steps.end_ns[0] <= recording.result


def test_nothing_is_left_in_the_loop() -> None:
    """What the recorder had scheduled runs no more once it has stopped."""

    async def main(recorder: Recorder) -> list[str]:
        with recorder:
            pass
        ready: Any = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
        return [repr(handle) for handle in ready if not handle.cancelled()]

    assert record_inside(main, "asyncio").result == []


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_recording_within_one_step(loop: str) -> None:
    """Without any await between start and stop the step is there, and the loop is left as it was."""

    async def main(recorder: Recorder) -> dict[str, Any]:
        running = asyncio.get_running_loop()
        before = dict(vars(running))
        with recorder:
            task = asyncio.create_task(asyncio.sleep(0), name="made")
        await task
        return {name: value for name, value in vars(running).items() if before.get(name, value) is not value}

    recording = record_inside(main, loop)

    assert recording.names == ["Task-1", "made"] or recording.names[1] == "made"
    assert len(recording.trace.steps) == 1
    assert not {name for name in recording.result if "asyncdemo" in name}


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_recording_that_ends_in_the_step_that_blocks(loop: str) -> None:
    """What held the loop up until the very end of the recording is a stall, in the first step and in a later one."""

    async def in_the_first(recorder: Recorder) -> None:
        with recorder:
            block(recorder)

    async def in_the_first_of_several(recorder: Recorder) -> None:
        with recorder:
            block(recorder)
            await asyncio.sleep(TICK)

    async def in_a_later(recorder: Recorder) -> None:
        with recorder:
            await asyncio.sleep(0)
            block(recorder)

    for program in (in_the_first, in_the_first_of_several, in_a_later):
        stalls = record_inside(program, loop).trace.stalls
        held = zip(stalls.start_ns, stalls.end_ns, stalls.task, strict=True)
        assert any(end - start >= 60_000_000 and task == 0 for start, end, task in held)


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_trace_so_far_stays_what_it_is(loop: str) -> None:
    """It holds every step up to now and changes no more, whatever is recorded afterwards."""

    async def main(recorder: Recorder) -> tuple[Any, list[Any], list[Any]]:
        with recorder:
            await asyncio.sleep(TICK)
            task = asyncio.create_task(asyncio.sleep(TICK), name="job")
            await asyncio.sleep(0)
            trace = recorder.so_far()
            seen = [list(trace.tasks.outcome), list(trace.steps.end_ns)]
            await task
            return trace, seen, [list(trace.tasks.outcome), list(trace.steps.end_ns)]

    recording = record_inside(main, loop)
    trace, seen, later = recording.result

    assert seen == later
    assert list(trace.tasks.outcome) == [Outcome.PENDING, Outcome.PENDING]
    assert list(trace.tasks.steps) == [3, 1]
    assert list(recording.trace.tasks.steps) == [4, 2]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_loop_that_rests_with_tasks_in_it(loop: str) -> None:
    """A loop made before, between two runs: the tasks that it keeps are there from the start of the recording on."""
    with asyncio.Runner(loop_factory=new_loop(loop)) as runner:

        async def begin() -> asyncio.Task[None]:
            task = asyncio.create_task(asyncio.sleep(TICK), name="old")
            await asyncio.sleep(0)
            return task

        old = runner.run(begin())
        with Recorder() as recorder:
            runner.run(asyncio.wait_for(asyncio.shield(old), 10))
    recording = Recording(recorder.stop())

    assert recorder.fault is None
    assert recording.names[0] == "old"
    assert recording.trace.meta["adopted"] == 1
    assert [wait.kind for wait in recording.waits("old")] == [Wait.SLEEP]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_the_order_of_the_programs_steps_stays(loop: str) -> None:
    """A recording that begins in the middle changes nothing in what runs after what."""

    async def main(recorder: Recorder | None) -> list[str]:
        said: list[str] = []

        async def say(name: str) -> None:
            for number in range(3):
                said.append(f"{name}{number}")
                await asyncio.sleep(0)

        tasks = [asyncio.create_task(say(name)) for name in "ab"]
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(said.append, "callback")
        if recorder is not None:
            recorder.start()
        tasks.append(asyncio.create_task(say("c")))
        said.append("main")
        await asyncio.gather(*tasks)
        return said

    with asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        alone = runner.run(main(None))
        with Recorder() as unused:
            pass
        assert unused.fault is None
        recorder = Recorder()
        try:
            assert runner.run(main(recorder)) == alone
        finally:
            recorder.stop()
    assert recorder.fault is None


def test_nothing_of_a_recording_is_kept_by_the_loop() -> None:
    """Once it is over and nobody holds its trace, it is freed, though its loop goes on."""

    async def main() -> bool:
        with Recorder() as recorder:
            await asyncio.create_task(asyncio.sleep(0))
        gone = weakref.ref(recorder)
        del recorder
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.collect()
        return gone() is None

    assert asyncio.run(main())


def test_the_collector_strikes_while_a_loop_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks which loop runs, in the middle of the making of that loop's recorder: nothing locks up."""
    make = LoopRecorder.__init__

    def interrupted(self: LoopRecorder, *arguments: Any) -> None:
        make(self, *arguments)
        gc.collect()

    async def main() -> None:
        with Recorder() as recorder:
            await asyncio.sleep(0)
        found.append((recorder.fault, [loop.number for loop in recorder.loops], len(recorder.stop().tasks)))

    found: list[Any] = []
    monkeypatch.setattr(LoopRecorder, "__init__", interrupted)
    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    thread.join(30)
    assert found == [(None, [0], 1)]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")
@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_eager_tasks_of_a_loop_that_was_told_before(loop: str) -> None:
    """Their first steps are seen, cut out of their creator's; the loop has its own factory afterwards."""

    def factory(loop: Any, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        task_class: Any = asyncio.Task
        made: asyncio.Task[Any] = task_class(coroutine, loop=loop, name=options.get("name"), eager_start=True)
        return made

    async def job() -> None:
        await asyncio.sleep(TICK)

    async def main(recorder: Recorder) -> bool:
        running = asyncio.get_running_loop()
        running.set_task_factory(factory)
        with recorder:
            await asyncio.gather(asyncio.create_task(job(), name="one"), asyncio.create_task(job(), name="two"))
        return running.get_task_factory() is factory

    recording = record_inside(main, loop)

    assert recording.result is True
    assert recording.task("one", "parent") == recording.task("two", "parent") == 0
    assert [wait.kind for wait in recording.waits("one")] == [Wait.SLEEP]
    assert len(recording.steps("one")) == len(recording.steps("two")) == 2


def test_a_loop_that_runs_in_another_thread() -> None:
    """Its tasks come in as they are woken, without a parent that nobody knows."""
    ready, done = threading.Event(), threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        found["loop"], found["event"] = asyncio.get_running_loop(), asyncio.Event()
        ready.set()
        await found["event"].wait()
        done.set()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="server")
    thread.start()
    try:
        assert ready.wait(10)
        with Recorder() as recorder:
            found["loop"].call_soon_threadsafe(found["event"].set)
            assert done.wait(10)
            thread.join(10)
    finally:
        found["loop"].call_soon_threadsafe(found["event"].set) if not done.is_set() else None
        thread.join(10)
    trace = recorder.stop()

    assert recorder.fault is None
    served = [row for row in range(len(trace.tasks)) if "serve" in trace.text(trace.tasks.coro[row])]
    assert [trace.tasks.parent[row] for row in served] == [NONE]
