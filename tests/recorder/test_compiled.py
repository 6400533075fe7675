"""Recorder: the compiled hot path records what its twins in Python do, and keeps its faults to itself as they do."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from asyncdemo.recorder import Recorder, VirtualClock, asyncio_loops, recorder, steps, uvloop_loops
from asyncdemo.recorder.compiled import WITHOUT, hot
from asyncdemo.trace import NONE, Trace
from tests.recorder.recordings import REAL_LOOPS, TICK, Recording, named, new_loop, record
from tests.recorder.test_random_programs import Action, actions, plain, run

HEADER = Path(sysconfig.get_path("include"), "Python.h")
compiled = pytest.mark.skipif(hot is None, reason="the hot path is not compiled here")


@contextmanager
def in_python() -> Iterator[None]:
    """Lets the twins in Python record."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asyncio_loops, "hot", None)
        patched.setattr(uvloop_loops, "hot", None)
        patched.setattr(steps, "_run", steps._run_in_python)
        yield


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
    script = "from asyncdemo.recorder.compiled import hot; print(hot)"
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


FAULTS: dict[str, Callable[[Recorder], tuple[Any, str]]] = {
    "noting a woken task": lambda recorder: (recorder.waits, "closed_until_s"),
    "noting a new task": lambda recorder: (recorder.loops[0], "add"),
    "noting a task's end": lambda recorder: (recorder.tasks, "finished"),
    "noting a step": lambda recorder: (recorder.loops[0], "chunk"),
    "finding its place": lambda recorder: (recorder.loops[0], "offset"),
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
        owner, name = FAULTS[fault](faulty)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(owner, name, None)
            return await asyncio.gather(child(), child())

    with Recorder() as faulty, asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        result = runner.run(main())

    assert tuple(result) == (1, 1)
    assert faulty.fault is not None
    assert faulty.fault.startswith("recording stopped: ")
    assert faulty.stop().lost == {"the rest of the recording": 1}


@compiled
def test_what_is_no_step_is_refused() -> None:
    """It reads and writes memory where a step's slots lie, so it looks at what it is given."""

    class WithoutSlots:
        _args = None

    with pytest.raises(TypeError, match="object is no step"):
        hot.run(object())
    with pytest.raises(TypeError, match="_args is no slot"):
        hot.learn_callbacks(WithoutSlots, WithoutSlots)
