"""Recorder: every way to start a loop; several loops; task factories and eager tasks; debug mode."""

# ruff: noqa: D103, C901 - the names of the programs say what they do; a test is as long as its program

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from asyncdemo.errors import AsyncdemoError
from asyncdemo.recorder import RealClock, Recorder
from asyncdemo.trace import NONE, Outcome, Wait
from tests.recorder.recordings import (
    LOOPS,
    REAL_LOOPS,
    TICK,
    Recording,
    named,
    new_loop,
    record,
    record_call,
)

eager_only = pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")


async def program() -> str:
    """A main task and a child."""
    named("main")
    await asyncio.create_task(asyncio.sleep(TICK), name="child")
    return "done"


def asyncio_run() -> str:
    return asyncio.run(program())


def asyncio_runner() -> str:
    with asyncio.Runner() as runner:
        return runner.run(program())


def uvloop_run() -> str:
    return uvloop.run(program())


def uvloop_runner() -> str:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(program())


def run_until_complete() -> str:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(program())
    finally:
        loop.close()


def run_forever() -> str:
    loop = asyncio.new_event_loop()
    task = loop.create_task(program())
    task.add_done_callback(lambda _: loop.stop())
    loop.run_forever()
    loop.close()
    return task.result()


def loop_made_before_the_recording() -> str:
    return EARLY_LOOP.run_until_complete(program())


EARLY_LOOP = asyncio.new_event_loop()
STARTS = {
    "asyncio.run": asyncio_run,
    "asyncio.Runner": asyncio_runner,
    "uvloop.run": uvloop_run,
    "asyncio.Runner with a loop factory": uvloop_runner,
    "loop.run_until_complete": run_until_complete,
    "loop.run_forever": run_forever,
    "a loop made before the recording": loop_made_before_the_recording,
}


@pytest.fixture(scope="module", autouse=True)
def _early_loop_is_closed() -> Any:
    yield
    EARLY_LOOP.close()


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_every_way_to_start_a_loop(start: Callable[[], str]) -> None:
    """The tasks are seen however the program starts its loop, and nothing but the program's own tasks."""
    recording = record_call(start)

    assert recording.result == "done"
    assert recording.names == ["main", "child"]
    assert recording.parent("child") == "main"
    assert [wait.kind for wait in recording.waits("child")] == [Wait.SLEEP]
    assert [wait.kind for wait in recording.waits("main")] == [Wait.TASK]
    assert len(recording.trace.loops) == 1
    (kind,) = recording.trace.loops.kind
    assert ("uvloop" in recording.trace.text(kind)) == ("uvloop" in start.__name__)


def test_uvloop_is_seen_when_the_program_imports_it() -> None:
    """A program that imports uvloop only after the recording began is recorded as well."""
    script = """if True:
        import asyncio, sys
        from asyncdemo.recorder import Recorder

        async def main():
            asyncio.current_task().set_name("main")
            await asyncio.create_task(asyncio.sleep(0.001), name="child")

        meta_path = list(sys.meta_path)
        with Recorder() as recorder:
            assert "uvloop" not in sys.modules
            import uvloop
            uvloop.run(main())
        trace = recorder.stop()
        print([trace.task_name(row) for row in range(len(trace.tasks))], recorder.fault, sys.meta_path == meta_path)
        print(trace.text(trace.loops.kind[0]), uvloop.__spec__.name, "exec_module" in vars(uvloop.__loader__))
    """
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert output.stdout.splitlines() == ["['main', 'child'] None True", "uvloop.Loop uvloop False"]
    assert output.stderr == ""


def test_loops_one_after_the_other() -> None:
    """Each run has a loop of its own; the second run's main task is no child of the first's."""

    def program() -> None:
        for number, kind in enumerate(("asyncio", "uvloop", "asyncio")):
            with asyncio.Runner(loop_factory=new_loop(kind)) as runner:
                runner.run(one_run(number))

    async def one_run(number: int) -> None:
        named(f"main-{number}")
        await asyncio.create_task(asyncio.sleep(TICK), name=f"child-{number}")

    recording = record_call(program)

    assert recording.names == ["main-0", "child-0", "main-1", "child-1", "main-2", "child-2"]
    assert [recording.parent(name) for name in recording.names] == ["", "main-0", "", "main-1", "", "main-2"]
    assert list(recording.trace.tasks.loop) == [0, 0, 1, 1, 2, 2]
    starts = list(recording.trace.steps.start_ns)
    assert starts == sorted(starts)


def test_a_loop_runs_twice() -> None:
    """A loop that is run again is the same loop, and what runs in it goes on."""

    async def main(number: int) -> None:
        named(f"main-{number}")
        await asyncio.sleep(TICK)

    def program() -> None:
        loop = asyncio.new_event_loop()
        background = loop.create_task(asyncio.sleep(TICK * 4), name="background")
        loop.run_until_complete(main(1))
        loop.run_until_complete(main(2))
        loop.run_until_complete(background)
        loop.close()

    recording = record_call(program)

    assert recording.names == ["background", "main-1", "main-2"]
    assert set(recording.trace.tasks.loop) == {0}
    assert set(recording.trace.tasks.outcome) == {Outcome.RETURNED}
    assert [recording.parent(name) for name in recording.names] == ["", "", ""]


@pytest.mark.parametrize("kind", REAL_LOOPS)
def test_loops_in_threads_at_once_do_not_mix(kind: str) -> None:
    """Parents, wakers and loops of tasks never cross from one thread's loop to another's."""
    threads, together = 4, threading.Barrier(4)

    async def worker(lock: asyncio.Lock, queue: asyncio.Queue[int]) -> None:
        for _ in range(20):
            async with lock:
                await asyncio.sleep(0)
            await queue.put(1)
            await asyncio.sleep(0)

    async def main(number: int) -> None:
        named(f"main {number}")
        together.wait(timeout=30)
        lock, queue = asyncio.Lock(), asyncio.Queue[int](2)
        async with asyncio.TaskGroup() as group:
            for each in range(5):
                group.create_task(worker(lock, queue), name=f"worker {each} of {number}")
            for _ in range(100):
                await queue.get()

    def run(number: int) -> None:
        with asyncio.Runner(loop_factory=new_loop(kind)) as runner:
            runner.run(main(number))

    def program() -> None:
        running = [threading.Thread(target=run, args=(number,), name=f"thread {number}") for number in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

    trace = (recording := record_call(program)).trace

    assert sorted(recording.names) == sorted(
        [f"main {number}" for number in range(threads)]
        + [f"worker {each} of {number}" for number in range(threads) for each in range(5)]
    )
    for row, name in enumerate(recording.names):
        number = name.rpartition(" ")[2]
        assert trace.text(trace.loops.thread[trace.tasks.loop[row]]) == f"thread {number}"
        assert recording.parent(name) == ("" if name.startswith("main") else f"main {number}")
    for task, waker in zip(trace.steps.task, trace.steps.waker, strict=True):
        assert waker < 0 or trace.tasks.loop[waker] == trace.tasks.loop[task]
    for resource, task in zip(trace.holds.resource, trace.holds.task, strict=True):
        others = {each for of, each in zip(trace.holds.resource, trace.holds.task, strict=True) if of == resource}
        assert {trace.tasks.loop[other] for other in others} == {trace.tasks.loop[task]}
    assert set(trace.tasks.outcome) == {Outcome.RETURNED}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_factory_of_the_program(loop: str) -> None:
    """A program's own task factory makes the tasks, and `get_task_factory` gives that very factory back."""
    made: list[asyncio.Task[Any]] = []

    def factory(loop: Any, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        options.pop("eager_start", None)
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **options)
        made.append(task)
        return task

    async def main() -> Any:
        named("main")
        running = asyncio.get_running_loop()
        running.set_task_factory(factory)
        given = running.get_task_factory()
        child = asyncio.create_task(asyncio.sleep(TICK))
        child.set_name("child")
        await child
        running.set_task_factory(None)
        await asyncio.create_task(asyncio.sleep(TICK), name="by the default")
        return given is factory, running.get_task_factory()

    recording = record(main, loop)

    assert recording.result == (True, None)
    assert [task.get_name() for task in made] == ["child"]
    assert recording.names == ["main", "child", "by the default"]
    assert recording.parent("child") == "main"
    assert [wait.kind for wait in recording.waits("child")] == [Wait.SLEEP]


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_factory_stays_after_the_recording(loop: str) -> None:
    """What the program set while it was recorded is what it finds when the recording is over."""

    def factory(loop: Any, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(coroutine, loop=loop, **options)

    running = RealClock().new_event_loop("uvloop" if loop == "uvloop" else "asyncio")
    with Recorder():
        running.set_task_factory(factory)
    try:
        assert running.get_task_factory() is factory
    finally:
        running.close()


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_factory_that_fails(loop: str) -> None:
    """An error of the program's task factory reaches the program, and recording goes on."""

    def factory(_loop: Any, coroutine: Any, **_options: Any) -> asyncio.Task[Any]:
        coroutine.close()
        raise LookupError

    async def main() -> str:
        named("main")
        running = asyncio.get_running_loop()
        running.set_task_factory(factory)
        with pytest.raises(LookupError):
            await asyncio.create_task(asyncio.sleep(0))
        running.set_task_factory(None)
        await asyncio.create_task(asyncio.sleep(TICK), name="child")
        return "done"

    recording = record(main, loop)

    assert recording.result == "done"
    assert recording.parent("child") == "main"
    assert recording.outcome("child") == Outcome.RETURNED


# Eager tasks


def _uvloop_knows_eager_tasks() -> bool:
    """Some versions of uvloop give a task factory options that those of some Pythons do not take."""
    if not hasattr(asyncio, "eager_task_factory"):
        return False

    async def main() -> bool:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
        coroutine = asyncio.sleep(0)
        try:
            await loop.create_task(coroutine)
            known = True
        except TypeError:
            coroutine.close()
            loop.set_task_factory(None)
            known = False
        return known

    return uvloop.run(main())


EAGER_LOOPS = LOOPS if _uvloop_knows_eager_tasks() else ("virtual",)


def eager(program: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[], Coroutine[Any, Any, Any]]:
    """The same program with eager tasks."""

    async def main() -> Any:
        named("main")
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
        return await program()

    return main


def never_two_at_once(recording: Recording) -> None:
    """The steps of a loop do not overlap."""
    steps = recording.trace.steps
    ended = steps.start_ns[0]
    for start, end in zip(steps.start_ns, steps.end_ns, strict=True):
        assert ended <= start <= end
        ended = end


@eager_only
@pytest.mark.parametrize("loop", EAGER_LOOPS)
def test_an_eager_task_that_never_waits(loop: str) -> None:
    """Its only step cuts the step of its creator in two."""

    async def at_once() -> int:
        named("eager")
        return 5

    async def program() -> int:
        return await asyncio.create_task(at_once())

    recording = record(eager(program), loop)

    assert recording.result == 5
    assert [name for _, name in recording.runs()] == ["main", "eager", "main"]
    assert recording.parent("eager") == "main"
    assert recording.outcome("eager") == Outcome.RETURNED
    assert recording.outcome("main") == Outcome.RETURNED
    assert [(wait.kind, wait.waker) for wait in recording.waits("main")] == [(Wait.YIELD, "eager")]
    assert recording.task("eager", "steps") == 1
    never_two_at_once(recording)


@eager_only
@pytest.mark.parametrize("loop", EAGER_LOOPS)
def test_an_eager_task_that_suspends(loop: str) -> None:
    """It goes on later in steps of its own, and is awaited like any other task."""

    async def job() -> str:
        await asyncio.sleep(TICK)
        await asyncio.sleep(TICK)
        return "done"

    async def program() -> str:
        return await asyncio.create_task(job(), name="eager")

    recording = record(eager(program), loop)

    assert recording.result == "done"
    assert [name for _, name in recording.runs()] == ["main", "eager", "main", "eager", "eager", "main"]
    assert [wait.kind for wait in recording.waits("eager")] == [Wait.SLEEP, Wait.SLEEP]
    assert recording.waits("main")[1].kind == Wait.TASK
    assert recording.awaited("main") == ["eager"]
    assert recording.outcome("eager") == Outcome.RETURNED
    never_two_at_once(recording)


@eager_only
@pytest.mark.parametrize("loop", EAGER_LOOPS)
def test_nested_eager_tasks(loop: str) -> None:
    """An eager task within an eager task's first step: one runs at a time, each under its own creator."""

    async def inner(name: str) -> None:
        named(name)

    async def outer() -> None:
        await asyncio.create_task(inner("inner"))
        await asyncio.sleep(TICK)
        await asyncio.create_task(inner("late inner"))

    async def program() -> None:
        await asyncio.create_task(outer(), name="outer")

    recording = record(eager(program), loop)

    assert [name for _, name in recording.runs()] == [
        *("main", "outer", "inner", "outer", "main"),
        *("outer", "late inner", "outer", "main"),
    ]
    assert [recording.parent(name) for name in ("outer", "inner", "late inner")] == ["main", "outer", "outer"]
    assert set(recording.trace.tasks.outcome) == {Outcome.RETURNED}
    never_two_at_once(recording)


@eager_only
@pytest.mark.parametrize("loop", EAGER_LOOPS)
def test_eager_tasks_of_callbacks(loop: str) -> None:
    """A callback that makes one acts on behalf of whoever scheduled it; no step is cut in two."""

    async def job(times: int) -> int:
        for _ in range(times):
            await asyncio.sleep(0)
        return times

    async def program() -> list[int]:
        running, made = asyncio.get_running_loop(), list[asyncio.Task[int]]()

        def make(name: str, times: int) -> None:
            made.append(running.create_task(job(times), name=name))

        running.call_soon(make, "at once", 0)
        running.call_soon(make, "later", 1)
        running.call_later(TICK, make, "timed", 1)
        await asyncio.sleep(2 * TICK)
        return [await task for task in made]

    recording = record(eager(program), loop)

    assert recording.result == [0, 1, 1]
    assert [recording.parent(name) for name in ("at once", "later", "timed")] == ["main", "main", ""]
    steps = [recording.task(name, "steps") for name in ("at once", "later", "timed")]
    assert steps == [1, 2, 2]
    assert set(recording.trace.tasks.outcome) == {Outcome.RETURNED}
    never_two_at_once(recording)


@eager_only
@pytest.mark.parametrize("loop", EAGER_LOOPS)
def test_an_eager_task_that_fails_at_once(loop: str) -> None:
    """Its exception is its own; the creator's step goes on."""

    async def fails() -> None:
        named("eager")
        raise ValueError("no luck")

    async def program() -> str:
        with pytest.raises(ValueError, match="no luck"):
            await asyncio.create_task(fails())
        return "done"

    recording = record(eager(program), loop)

    assert recording.result == "done"
    assert recording.outcome("eager") == Outcome.RAISED
    assert recording.trace.text(recording.task("eager", "error")) == "ValueError: no luck"


@eager_only
def test_an_eager_task_has_the_name_that_it_was_given() -> None:
    """The name given to `create_task` counts, though it may be set only after the task has ended."""

    async def at_once() -> None:
        pass

    async def program() -> None:
        await asyncio.create_task(at_once(), name="eager")

    assert record(eager(program)).names == ["main", "eager"]


@eager_only
def test_eager_tasks_take_the_time_that_they_take() -> None:
    """In virtual time, where only `time.sleep` makes a step long, the pieces of the cut step are exact."""
    import time

    async def job() -> None:
        time.sleep(2)  # noqa: ASYNC251
        await asyncio.sleep(1)
        time.sleep(3)  # noqa: ASYNC251

    async def program() -> None:
        time.sleep(1)  # noqa: ASYNC251
        task = asyncio.create_task(job(), name="eager")
        time.sleep(4)  # noqa: ASYNC251
        await task

    trace = (recording := record(eager(program))).trace

    spans = [
        (start // 10**9, end // 10**9) for start, end in zip(trace.steps.start_ns, trace.steps.end_ns, strict=True)
    ]
    assert [(name, *span) for (_, name), span in zip(recording.runs(), spans, strict=True)] == [
        ("main", 0, 1),
        ("eager", 1, 3),
        ("main", 3, 7),
        ("eager", 7, 10),
        ("main", 10, 10),
    ]
    assert recording.task("eager", "started_ns") == 1e9
    assert recording.task("main", "started_ns") == 0


@eager_only
def test_eager_tasks_hold_locks() -> None:
    """A lock that an eager task takes within its creator's step is the eager task's."""

    async def program() -> None:
        lock = asyncio.Lock()

        async def job() -> None:
            async with lock:
                await asyncio.sleep(1)

        await asyncio.gather(
            asyncio.create_task(job(), name="first"),
            asyncio.create_task(job(), name="second"),
        )

    recording = record(eager(program))

    assert recording.holds() == [("Lock", "first", 0, 0, 1000), ("Lock", "second", 0, 1000, 2000)]


# Debug mode and tasks written in Python


@pytest.mark.parametrize("loop", LOOPS)
def test_debug_mode(loop: str) -> None:
    """A loop in debug mode, which keeps more of its handles, is recorded alike."""

    async def main() -> str:
        named("main")
        await asyncio.create_task(asyncio.sleep(TICK), name="child")
        await asyncio.sleep(0)
        return "done"

    recording = record(main, loop, debug=True)

    assert recording.result == "done"
    assert recording.names == ["main", "child"]
    assert [wait.kind for wait in recording.waits("child")] == [Wait.SLEEP]
    assert [wait.kind for wait in recording.waits("main")] == [Wait.TASK, Wait.YIELD]
    assert set(recording.trace.tasks.outcome) == {Outcome.RETURNED}


@pytest.mark.parametrize("debug", [False, True], ids=["no debug mode", "debug mode"])
@pytest.mark.parametrize("loop", LOOPS)
def test_tasks_written_in_python(loop: str, debug: bool) -> None:
    """The tasks of asyncio's Python implementation are seen as the compiled ones are."""
    python_task: Any = asyncio.tasks._PyTask  # type: ignore[attr-defined]

    def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
        return python_task(coroutine, loop=loop, **options)

    async def job() -> None:
        await asyncio.sleep(TICK)
        await asyncio.sleep(0)
        await asyncio.sleep(TICK)

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(factory)
        await asyncio.create_task(job(), name="job")

    recording = record(main, loop, debug=debug)

    assert [wait.kind for wait in recording.waits("job")] == [Wait.SLEEP, Wait.YIELD, Wait.SLEEP]
    assert recording.outcome("job") == Outcome.RETURNED
    assert recording.task("job", "steps") == 4


# Starting and stopping


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_recorder_started_inside_a_running_loop(loop: str) -> None:
    """Tasks that are there already are seen from when they next run; new ones from their beginning."""

    async def before() -> None:
        await asyncio.sleep(TICK)
        await asyncio.sleep(TICK)

    async def main() -> Recording:
        named("main")
        old = asyncio.create_task(before(), name="old")
        await asyncio.sleep(0)
        with Recorder() as recorder:
            await asyncio.create_task(asyncio.sleep(TICK), name="new")
            await old
        assert recorder.fault is None
        await asyncio.create_task(asyncio.sleep(0), name="after")
        return Recording(recorder.stop())

    with asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        recording = runner.run(main())

    assert sorted(recording.names) == ["main", "new", "old"]
    assert recording.outcome("new") == Outcome.RETURNED
    assert recording.outcome("old") == Outcome.RETURNED
    assert recording.outcome("main") == Outcome.PENDING


def test_only_one_recording_at_a_time() -> None:
    """A second recorder is refused while one records, and may record afterwards; the first one goes on."""
    second = Recorder()
    with Recorder() as first:
        with pytest.raises(AsyncdemoError, match="under way"):
            second.start()
        asyncio.run(program())
    with second:
        asyncio.run(program())

    assert len(first.stop().tasks) == len(second.stop().tasks) == 2


def test_stopping_twice_gives_the_same_trace() -> None:
    """`stop` may be called again; what runs afterwards is not recorded."""
    recorder = Recorder().start()
    asyncio.run(program())
    trace = recorder.stop()
    asyncio.run(program())

    assert recorder.stop() is trace
    assert len(trace.tasks) == 2


def test_nothing_recorded() -> None:
    """A recording without a loop is an empty trace of one process."""
    trace = Recorder().start().stop()

    rows = {name: len(table) for name, table in trace.tables() if name not in {"waits", "sites"}}
    assert rows == {**dict.fromkeys(rows, 0), "processes": 1}
    assert trace.lost == {}


def test_a_trace_says_what_it_is_about() -> None:
    """`meta` has what the recorder was given, and what it knows of itself."""
    with Recorder(meta={"command": "try", "params": {"n": 1}}) as recorder:
        asyncio.run(program())
    meta = recorder.stop().meta

    assert meta["command"] == "try"
    assert meta["params"] == {"n": 1}
    assert meta["clock"] == "real"
    assert meta["python"] == ".".join(map(str, sys.version_info[:3]))
    assert meta["platform"] == sys.platform


def test_snapshots_give_the_steps_once() -> None:
    """The steps of successive snapshots are those of the trace; every snapshot has all tasks."""
    snapshots: list[tuple[int, list[tuple[int, int]]]] = []

    async def job(number: int) -> None:
        for _ in range(number):
            await asyncio.sleep(0)

    async def main() -> None:
        cursor = None
        for number in range(5):
            await asyncio.gather(*(job(number) for _ in range(3)))
            snapshot, cursor = recorder.snapshot(cursor)
            steps = snapshot.steps
            snapshots.append((len(snapshot.tasks), list(zip(steps.task, steps.start_ns, strict=True))))

    with Recorder() as recorder:
        asyncio.run(main())
    trace = recorder.stop()

    seen = [step for _, steps in snapshots for step in steps]
    every = list(zip(trace.steps.task, trace.steps.start_ns, strict=True))
    assert seen == every[: len(seen)]
    assert len(seen) == len(every) - 1
    assert [tasks for tasks, _ in snapshots] == [4, 7, 10, 13, 16]


def test_a_snapshot_tells_what_pending_tasks_wait_for() -> None:
    """`tasks.waiting` of a snapshot taken in another thread names the waits that are going on."""
    lock, suspended = asyncio.Lock(), threading.Event()

    async def waiter() -> None:
        async with lock:
            pass

    async def main() -> list[Any]:
        named("main")
        async with lock:
            task = asyncio.create_task(waiter(), name="waiter")
            asyncio.get_running_loop().call_later(TICK, suspended.set)
            snapshot = await asyncio.to_thread(look)
        await task
        return snapshot

    def look() -> list[Any]:
        assert suspended.wait(timeout=30)
        snapshot = Recording(recorder.snapshot()[0])
        waits = [snapshot.waits_for(name) for name in ("waiter", "main")]
        return [*waits, snapshot.outcome("waiter"), [hold.task for hold in snapshot.holds()]]

    with Recorder() as recorder:
        found = asyncio.run(main())

    assert found == ["Lock", "thread", Outcome.PENDING, ["main"]]


def test_a_task_that_is_left_out_waits_for_nobody_else() -> None:
    """What a task of the loop's shutdown waits for is told of no other task."""

    async def slow_to_close() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await asyncio.sleep(TICK)

    async def main() -> Recording:
        named("main")
        event, generator = asyncio.Event(), slow_to_close()
        waiters = [asyncio.create_task(event.wait()) for _ in range(20)]
        await anext(generator)
        closing = asyncio.create_task(asyncio.get_running_loop().shutdown_asyncgens())
        await asyncio.sleep(TICK / 2)
        snapshot = Recording(recorder.snapshot()[0])
        event.set()
        await asyncio.gather(closing, *waiters)
        return snapshot

    with Recorder() as recorder:
        trace = asyncio.run(main()).trace

    assert [trace.waits.kind[wait] for wait in trace.tasks.waiting if wait != NONE] == [Wait.EVENT] * 20


def test_a_forked_child_is_not_recorded(tmp_path: Path) -> None:
    """What a forked process of the program's does is its own."""
    script = tmp_path / "forks.py"
    script.write_text(
        "import asyncio, os\n"
        "from asyncdemo.recorder import Recorder\n"
        "with Recorder() as recorder:\n"
        "    if os.fork() == 0:\n"
        "        asyncio.run(asyncio.sleep(0))\n"
        "        print('child', flush=True)\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
        "    asyncio.run(asyncio.sleep(0))\n"
        "    print('parent', flush=True)\n"
        "trace = recorder.stop()\n"
        "print(len(trace.tasks), len(trace.lines), recorder.fault)\n"
    )
    output = subprocess.run([sys.executable, "-W", "ignore", script], capture_output=True, text=True, check=True)

    assert output.stdout.splitlines() == ["child", "parent", "1 1 None"]


def test_no_task_has_an_unknown_loop() -> None:
    """Every task names a row of the table of loops, and no parent is younger than its child."""
    trace = record_call(asyncio_run).trace

    assert all(0 <= loop < len(trace.loops) for loop in trace.tasks.loop)
    assert all(parent == NONE or parent < row for row, parent in enumerate(trace.tasks.parent))
