"""Recorder: the compiled hot path records what its twins in Python do, and keeps its faults to itself as they do."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings

from asyncdemo.compiled import WITHOUT, hot, numbers
from asyncdemo.recorder import Recorder, VirtualClock, asyncio_loops, awaits, recorder, steps, uvloop_loops
from asyncdemo.recorder.chains import chain
from asyncdemo.recorder.thread_time import ThreadTime
from asyncdemo.trace import NONE, Trace, Wait
from tests.recorder.recordings import REAL_LOOPS, TICK, Recording, named, new_loop, record
from tests.recorder.test_random_programs import Action, actions, plain, run

HEADER = Path(sysconfig.get_path("include"), "Python.h")
compiled = pytest.mark.skipif(hot is None, reason="the hot path is not compiled here")


@contextmanager
def in_python() -> Iterator[None]:
    """Lets the twins in Python record."""
    with pytest.MonkeyPatch.context() as patched:
        for module in asyncio_loops, uvloop_loops, awaits:
            patched.setattr(module, "hot", None)
        patched.setattr(asyncio_loops._StepHandle, "_run", steps.run_step)
        patched.setattr(uvloop_loops._Step, "__call__", steps.run_step, raising=False)
        yield
    hot.learn("step call", uvloop_loops._Step)


def told(trace: Trace) -> dict[str, Any]:
    """All of a trace but when it was made, and the numbers in default names, which go up from one run to the next."""
    strings = [plain(text) for text in trace.strings]
    found: dict[str, Any] = {"duration": trace.duration_ns, "strings": strings, "lost": trace.lost}
    for each in fields(trace):
        table = getattr(trace, each.name)
        if hasattr(table, "__dataclass_fields__"):
            found[each.name] = {column.name: list(getattr(table, column.name)) for column in fields(table)}
    found["tasks"]["name"] = [max(name, NONE) for name in found["tasks"]["name"]]
    return found


@pytest.mark.skipif(bool(os.environ.get(WITHOUT)), reason="the twins in Python were asked for")
@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no compiler")
@pytest.mark.skipif(not HEADER.exists(), reason="Python's headers are not installed")
def test_it_is_compiled_where_there_is_a_compiler() -> None:
    """Installing asyncdemo has built it; a build that failed silently would leave a recorder that is slower."""
    assert hot is not None


def test_the_twins_can_be_asked_for() -> None:
    """By an environment variable, as a faulty compiler may make necessary."""
    script = "from asyncdemo.compiled import hot; print(hot)"
    environment = {**os.environ, WITHOUT: "1"}
    told = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)

    assert told.stdout == "None\n"


@compiled
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(actions())
def test_random_programs_have_the_same_trace(body: list[Action]) -> None:
    """Tasks, steps, waits, wakers, holds: every column of every table, in virtual time."""
    traces = []

    def recording(clock: VirtualClock) -> Recorder:
        traces.append(Recorder(clock=clock))
        return traces[-1]

    run(body, recording)
    with in_python():
        run(body, recording)

    first, second = (told(each.stop()) for each in traces)
    assert first == second


async def life_of_tasks() -> None:
    """All that the hot path tells apart: tasks made by steps and callbacks, yields, wake-ups, ends of every kind."""
    named("main")
    loop = asyncio.get_running_loop()
    event, queue = asyncio.Event(), asyncio.Queue[int]()

    async def waits() -> None:
        await event.wait()
        await asyncio.sleep(0)
        await queue.put(1)

    async def raises() -> None:
        await queue.get()
        raise ValueError("no luck")

    async def never() -> None:
        await loop.create_future()

    made: list[asyncio.Task[None]] = []
    loop.call_soon(lambda: made.append(loop.create_task(waits(), name="of a callback")))
    made.append(asyncio.create_task(raises(), name="raises"))
    made.append(asyncio.create_task(never(), name="cancelled"))
    cancelled_at_once = asyncio.create_task(never(), name="cancelled at once")
    cancelled_at_once.cancel()
    loop.call_later(TICK, event.set)
    await asyncio.sleep(2 * TICK)
    made[1].cancel()
    await asyncio.gather(*made, cancelled_at_once, return_exceptions=True)


def in_words(recording: Recording) -> list[Any]:
    """The steps of each task: why it waited and who woke it, without times."""
    trace = recording.trace
    rows = zip(trace.steps.task, trace.steps.wait, trace.steps.waker, strict=True)
    told = [(trace.task_name(task), trace.waits.kind[wait] if wait >= 0 else wait, waker) for task, wait, waker in rows]
    lives = [(name, recording.task(name, "outcome"), recording.task(name, "parent")) for name in recording.names]
    return [sorted(told), lives, [recording.task(name, "cancelled_by") for name in recording.names]]


@compiled
@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_the_same_is_told_of_a_real_loop(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On both loops, in real time, apart from the times, and from which waits are too brief to be looked at."""
    monkeypatch.setattr(recorder, "BRIEF_NS", 0)
    first = in_words(record(life_of_tasks, loop))
    with in_python():
        second = in_words(record(life_of_tasks, loop))

    assert first == second


async def makes_tasks() -> None:
    """Makes tasks on three lines, on the last one at last by what makes them on a line of its own."""
    for _ in range(3):
        await asyncio.create_task(asyncio.sleep(0), name="first")
        await asyncio.create_task(asyncio.sleep(0), name="second")
    makes: list[Callable[..., asyncio.Future[None]]] = [asyncio.ensure_future] * 3 + [made_here]
    for make in makes:
        await make(asyncio.sleep(0))


def made_here(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Makes a task as deep in the stack as `ensure_future` does."""
    return asyncio.create_task(coroutine)


@compiled
@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_the_line_that_makes_a_task(loop: str) -> None:
    """Is told apart from others at which the stack looks alike, also where it was the last one that made one."""
    trace = record(makes_tasks, loop).trace
    lines = [trace.sites.line[site] for site in trace.tasks.site[1:]]
    first, own = makes_tasks.__code__.co_firstlineno, made_here.__code__.co_firstlineno

    assert lines == [first + 3, first + 4] * 3 + [first + 7] * 3 + [own + 2]


async def naps() -> None:
    """Waits on two lines that look alike."""
    await asyncio.sleep(TICK)
    await asyncio.sleep(TICK)


async def nap() -> None:
    """Waits on a line of its own."""
    await asyncio.sleep(TICK)


@compiled
@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_wait_at_a_place_seen_before_needs_no_look(loop: str) -> None:
    """Where looking has taken its share of the time, its line is known all the same; that of a new place is not."""

    async def main() -> None:
        await asyncio.create_task(naps(), name="first")
        recording.waits.closed_until_s = math.inf
        await asyncio.create_task(naps(), name="seen before")
        await asyncio.create_task(nap(), name="new")

    with Recorder() as recording, asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        runner.run(main())
    trace = recording.stop()
    lines: dict[str, list[int]] = {}
    for task, wait in zip(trace.steps.task, trace.steps.wait, strict=True):
        if wait >= 0 and trace.waits.kind[wait] in (Wait.SLEEP, Wait.FUTURE) and trace.waits.site[wait] >= 0:
            lines.setdefault(trace.task_name(task), []).append(trace.sites.line[trace.waits.site[wait]])
    first = naps.__code__.co_firstlineno

    assert lines["seen before"] == [first + 2, first + 3]
    assert "new" not in lines
    assert trace.lost["lines of waits"] >= 1


@compiled
def test_what_a_wait_is_for_is_not_remembered_of_another_thing() -> None:
    """Two locks, and two tasks, that are awaited on one and the same line."""

    async def take(lock: asyncio.Lock) -> None:
        async with lock:
            await asyncio.sleep(TICK)

    async def finish(task: asyncio.Task[None]) -> None:
        await task

    async def main() -> None:
        locks = asyncio.Lock(), asyncio.Lock()
        await asyncio.gather(*(take(lock) for lock in locks for _ in range(2)))
        for _ in range(2):
            await finish(asyncio.create_task(asyncio.sleep(TICK)))

    trace = record(main, "virtual").trace
    waits = [wait for wait in trace.steps.wait if wait >= 0]
    locks = {trace.waits.resource[wait] for wait in waits if trace.waits.kind[wait] == Wait.LOCK}
    tasks = {trace.waits.task[wait] for wait in waits if trace.waits.kind[wait] == Wait.TASK} - {NONE}

    assert (len(locks), len(tasks)) == (2, 2)


FAULTS: dict[str, Callable[[Recorder], tuple[Any, str, Any]]] = {
    "noting a woken task": lambda recorder: (type(recorder.waits), "read", None),
    "noting a new task": lambda recorder: (recorder.tasks, "births", None),
    "noting a task's end": lambda recorder: (recorder.tasks, "finished", None),
    "noting a step": lambda recorder: (recorder.loops[0], "chunk", None),
    "finding its place": lambda recorder: (recorder.loops[0], "offset", -1),
}
"""What is broken then."""


@compiled
@pytest.mark.parametrize("loop", REAL_LOOPS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_does_not_reach_the_program(fault: str, loop: str) -> None:
    """The program runs to its end as if unrecorded, and one sentence tells that the recorder is off."""

    async def child() -> int:
        await asyncio.sleep(TICK)
        return 1

    async def main() -> tuple[int, int]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(*FAULTS[fault](faulty))
            return await asyncio.gather(child(), child())

    with Recorder() as faulty, asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        result = runner.run(main())

    assert tuple(result) == (1, 1)
    assert faulty.fault is not None
    assert faulty.fault.startswith("recording stopped: ")
    assert faulty.stop().lost == {"the rest of the recording": 1}


@compiled
def test_what_does_not_fit_is_refused() -> None:
    """It reads and writes memory where slots lie, so it looks at where it is told that they are, and who asks."""

    class WithoutSlots:
        _callback = None

    class Objects:
        __slots__ = ("_callback", "loop", "row")

    with pytest.raises(TypeError, match="_callback is no slot of its kind"):
        hot.learn("callback", WithoutSlots)
    with pytest.raises(TypeError, match="row is no slot of its kind"):
        hot.learn("callback", Objects)
    with pytest.raises(ValueError, match="there is no part elsewhere"):
        hot.learn("elsewhere", Objects)
    with pytest.raises(ValueError, match="there is no front call_never"):
        hot.front("call_never", print, print)
    with pytest.raises(TypeError, match="'_run' for 'Handle' objects"):
        vars(asyncio_loops._StepHandle)["_run"](Objects())


@compiled
def test_a_chain_that_ends_in_a_compiled_library_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As what connects on uvloop does, whose coroutines cannot be looked into."""
    looked: list[str] = []
    read = awaits.WaitBook.read

    def noting(self: awaits.WaitBook, task: asyncio.Task[Any], *args: Any) -> int:
        links, _ = chain(task.get_coro())
        looked.append(links[-1].__qualname__)
        return read(self, task, *args)

    async def main() -> None:
        runner = web.AppRunner(web.Application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with aiohttp.ClientSession() as session:
            for _ in range(6):
                async with session.get(f"http://{host}:{port}/", headers={"Connection": "close"}):
                    pass
        await runner.cleanup()

    monkeypatch.setattr(awaits.WaitBook, "read", noting)
    monkeypatch.setattr(recorder, "BRIEF_NS", 0)
    record(main, "uvloop")

    assert looked.count("_connect_sock") == 1


@compiled
def test_a_class_of_the_program_s_is_not_kept_for_its_waits() -> None:
    """What a task awaits may be an iterator of a class made for it."""

    def made() -> Any:
        class Own:
            def __await__(self) -> Any:
                self.inner = asyncio.sleep(TICK).__await__()
                return self

            def __iter__(self) -> Any:
                return self

            def __next__(self) -> Any:
                return next(self.inner)

        return Own()

    async def wait(thing: Any) -> None:
        await thing

    async def main() -> list[Any]:
        seen = []
        for _ in range(3):
            thing = made()
            seen.append(weakref.ref(type(thing)))
            await wait(thing)
        del thing
        gc.collect()
        return [each() for each in seen]

    assert record(main, "asyncio").result == [None] * 3


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_loop_in_the_place_of_another_is_not_taken_for_it(loop: str) -> None:
    """Loops that follow each other lie at the same address; each has its own tasks."""
    number = 20
    seen = set()

    with Recorder() as recorder:
        for _ in range(number):
            own = new_loop(loop)()
            seen.add(id(own))
            own.run_until_complete(asyncio.sleep(0))
            own.close()
            del own
            gc.collect()

    assert len(seen) < number
    assert list(recorder.stop().tasks.loop) == list(range(number))


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_what_a_callback_holds_is_let_go(loop: str) -> None:
    """Callbacks and what they are given go when they would go unrecorded, be they called or cancelled."""

    class Thing:
        pass

    async def main() -> list[int]:
        own = asyncio.get_running_loop()
        things = [Thing() for _ in range(4)]
        refs = list(map(weakref.ref, things))
        own.call_soon(id, things[0])
        own.call_later(0, id, things[1])
        own.call_later(60, id, things[2]).cancel()
        own.call_soon(partial(id, things[3]))
        del things
        await asyncio.sleep(2 * TICK)
        gc.collect()
        return [number for number, ref in enumerate(refs) if ref() is not None]

    with asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        unrecorded = runner.run(main())
    with Recorder(), asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        recorded = runner.run(main())

    assert recorded == unrecorded


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_step_that_never_runs_is_garbage(loop: str) -> None:
    """As are the task and all that it holds, when their loop goes before it has run them."""

    async def job(_thing: Any) -> None:
        await asyncio.sleep(0)

    class Thing:
        pass

    with Recorder():
        own = new_loop(loop)()
        thing = Thing()
        seen = weakref.ref(thing)
        task = own.create_task(job(thing))
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        own.close()
        del task, thing, own
        gc.collect()
        assert seen() is None


def test_slots_for_numbers_hold_numbers() -> None:
    """With or without what is compiled, classes have the slots that they ask for and no dictionary."""

    class Numbers(numbers(object, time=float, row=int, flag=bool)):  # type: ignore[misc]
        __slots__ = ("other",)

    made = Numbers()
    made.time, made.row, made.flag, made.other = 0.1, -7, True, made

    assert (made.time, made.row, made.flag, made.other) == (0.1, -7, True, made)
    assert not hasattr(made, "__dict__")


@compiled
def test_a_bell_is_a_lock() -> None:
    """As far as a ticker needs one; ringing it once more is refused as releasing a lock is."""
    bell = hot.Bell()

    assert bell.acquire() is True
    assert bell.acquire(timeout=0.0) is False
    bell.release()
    with pytest.raises(RuntimeError, match="the bell has been rung"):
        bell.release()
    assert bell.acquire(timeout=0.01) is True


@compiled
def test_a_loop_with_a_way_of_its_own_to_schedule() -> None:
    """Is asked to, for each callback, as it is unrecorded."""
    asked: list[str] = []

    class Own(asyncio.SelectorEventLoop):
        def _call_soon(self, callback: Any, args: Any, context: Any) -> Any:
            asked.append(getattr(callback, "__qualname__", type(callback).__name__))
            return super()._call_soon(callback, args, context)  # type: ignore[misc]

    async def main() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(TICK)
        asyncio.get_running_loop().call_soon(len, "")

    with asyncio.Runner(loop_factory=Own) as runner:
        runner.run(main())
    unrecorded, asked = asked, []
    with Recorder(), asyncio.Runner(loop_factory=Own) as runner:
        runner.run(main())

    assert asked == unrecorded


def later(call: Callable[[], object]) -> None:
    """Calls something from another thread, after a while."""
    threading.Timer(TICK, call).start()


@compiled
def test_loops_are_watched_until_there_is_something_to_see() -> None:
    """Until the end is asked for, a loop has run long, or there is another loop; until then idle ones are met."""
    bell = hot.Bell()
    bell.acquire()
    with Recorder() as recording:
        asyncio.run(asyncio.sleep(0))
    loop, loops = recording.loops[0], list(recording.loops)
    thread_time = loop.thread_time
    thread_time.follow(threading.get_native_id())

    before, began = ThreadTime(), loop.time()
    before.follow(thread_time.thread)
    before.meet(began, began)
    later(bell.release)
    assert hot.watch(bell, TICK / 10, loops) is True
    queued, after = thread_time.queued, thread_time.look(loop.time())
    if sys.platform == "linux":
        assert after is not None
        assert began <= thread_time.at <= loop.time()
        assert before.computed <= thread_time.computed <= after[1]
        assert before.queued <= queued <= thread_time.at - thread_time.ran + 1e-6
        assert (thread_time.queued > 0) == (before.queued > 0)

    later(lambda: loops.append(loop))
    assert hot.watch(bell, TICK / 10, loops) is False

    loop.running, loop.busy_since = steps.NoStep(0), loop.time()
    met = thread_time.at, thread_time.ran, thread_time.computed
    assert hot.watch(bell, TICK, loops) is False
    assert loop.time() - loop.busy_since > TICK
    assert thread_time.at <= loop.busy_since + TICK
    if sys.platform == "linux":
        assert thread_time.at >= met[0]
        assert thread_time.before(loop.busy_since) == met[1:]

    with pytest.raises(TypeError, match="only the recorders of loops can be watched"):
        hot.watch(bell, TICK, [1])
