"""Recorder: a fault in it never reaches the program; it is switched off and says so once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from asyncdemo.compiled import hot
from asyncdemo.recorder import Recorder, loops, output, resources, workers
from asyncdemo.recorder.awaits import WaitBook
from asyncdemo.recorder.coroutines import CoroutineBook
from asyncdemo.recorder.sites import Callers, Strings
from tests.recorder.recordings import REAL_LOOPS, TICK, new_loop

PARTS: dict[str, tuple[Any, str]] = {
    "looking at a coroutine": (CoroutineBook, "of"),
    "finding the caller": (Callers, "site"),
    "reading what a task waits for": (WaitBook, "read"),
    "noting a new task": (loops.LoopRecorder, "first_step"),
    "telling a resumed task's requests": (loops.LoopRecorder, "resuming"),
    "asking for a lock": (resources.ResourceBook, "asked"),
    "giving a lock back": (resources.ResourceBook, "released"),
    "settling requests": (resources.ResourceBook, "step_over"),
    "noting a queue's length": (resources.ResourceBook, "_first_level"),
    "noting a printed line": (output.OutputBook, "_add"),
    "noting a job": (workers.WorkerBook, "_submitted"),
    "noting a worker": (workers.WorkerBook, "_worker"),
}
if hot is None:  # or they are not called, and `test_compiled` has others
    PARTS |= {
        "noting a woken task": (loops.LoopRecorder, "woken"),
        "noting a task's end": (loops.LoopRecorder, "finished"),
        "looking at new tasks": (loops.LoopRecorder, "look_at_fresh"),
    }


async def job(lock: asyncio.Lock, queue: asyncio.Queue[int]) -> int:
    """Uses whatever the recorder watches."""
    async with lock:
        await asyncio.sleep(TICK)
    await queue.put(1)
    await queue.get()
    with ThreadPoolExecutor(1) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, len, "four")


async def program() -> list[int]:
    """Two such jobs."""
    print("begins")  # noqa: T201
    lock, queue = asyncio.Lock(), asyncio.Queue[int]()
    results = await asyncio.gather(job(lock, queue), job(lock, queue))
    await asyncio.create_task(asyncio.sleep(TICK))
    return list(results)


def raising(*_args: Any, **_options: Any) -> Any:
    """What the faulty part does."""
    raise KeyError("a fault of the recorder's")


@pytest.mark.parametrize("loop", REAL_LOOPS)
@pytest.mark.parametrize(("owner", "name"), PARTS.values(), ids=PARTS)
def test_a_fault_does_not_reach_the_program(
    owner: Any, name: str, loop: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program runs to its end as if unrecorded; one sentence tells what went wrong, and the trace says so."""
    monkeypatch.setattr(owner, name, raising)

    with Recorder() as recorder, asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        result = runner.run(program())
    trace = recorder.stop()

    assert result == [4, 4]
    assert recorder.fault == 'recording stopped: KeyError: "a fault of the recorder\'s"'
    assert trace.lost == {"the rest of the recording": 1}
    assert capsys.readouterr() == ("begins\n", "")


def test_only_the_first_fault_counts() -> None:
    """The warning is about what went wrong first."""
    with Recorder() as recorder:
        recorder.fail(ValueError("first"))
        recorder.fail(ValueError("second"))

    assert recorder.fault == "recording stopped: ValueError: first"


def test_a_recorder_that_failed_leaves_room_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fault the next recording works."""

    def record() -> Recorder:
        with Recorder() as recorder:
            asyncio.run(program())
        return recorder

    with monkeypatch.context() as patched:
        patched.setattr(CoroutineBook, "of", raising)
        assert record().fault is not None

    assert record().fault is None


def test_a_program_that_sees_through_guards() -> None:
    """A callable of the program's own that raises raises into the program, unguarded."""

    async def main() -> str:
        loop = asyncio.get_running_loop()
        caught: list[Any] = []
        loop.set_exception_handler(lambda _, context: caught.append(context["exception"]))
        call: Callable[..., Any] = raising
        loop.call_soon(call)
        await asyncio.sleep(TICK)
        return type(caught[0]).__name__

    with Recorder() as recorder:
        assert asyncio.run(main()) == "KeyError"
    assert recorder.fault is None


def test_a_finalizer_that_prints_while_texts_are_kept() -> None:
    """The garbage collector may run the program's finalizers in the middle of anything the recorder does."""
    strings, finalizers = Strings(), ["printed by a finalizer"]

    class Texts(list[str]):
        """Texts whose appending lets a finalizer print, as the collector could."""

        def append(self, text: str) -> None:
            if finalizers:
                strings.add(finalizers.pop())
            super().append(text)

    strings.texts = Texts()
    index = strings.intern("outer")

    assert strings.texts[index] == "outer"
    assert strings.intern("outer") == index
    assert "printed by a finalizer" in strings.texts
