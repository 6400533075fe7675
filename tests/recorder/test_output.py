"""Recorder: who printed what; what is held back from the terminal."""

# ruff: noqa: T201 - what is printed is the point

from __future__ import annotations

import asyncio
import contextlib
import io
import subprocess
import sys
import threading
import time

import pytest

from asyncdemo.recorder import Recorder
from asyncdemo.recorder.clock import SECOND, VirtualClock
from asyncdemo.recorder.scope import Scope
from asyncdemo.ticker import Ticker
from asyncdemo.trace import Trace
from tests.recorder.recordings import LOOPS, REAL_LOOPS, TICK, Recording, named, record


async def speaker(name: str) -> None:
    """Says its name now and later."""
    print(f"{name} begins")
    await asyncio.sleep(TICK)
    print(f"{name} ends", file=sys.stderr)


@pytest.mark.parametrize("loop", LOOPS)
def test_each_line_has_its_task(loop: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A line belongs to the task that printed it, and reaches the terminal as ever."""

    async def main() -> None:
        named("main")
        await asyncio.gather(*(asyncio.create_task(speaker(name), name=name) for name in ("a", "b")))
        print("all done")

    print("before")
    recording = record(main, loop)
    print("after")

    assert recording.lines() == [
        ("a", "a begins", 1),
        ("b", "b begins", 1),
        ("a", "a ends", 2),
        ("b", "b ends", 2),
        ("main", "all done", 1),
    ]
    assert capsys.readouterr() == ("before\na begins\nb begins\nall done\nafter\n", "a ends\nb ends\n")


def test_a_line_in_pieces() -> None:
    """A line is what comes before a newline, however often it was written to; the rest is a line at the end."""

    async def main() -> None:
        named("main")
        print("one", "two", end="")
        print(" three\nfour\n\nfive", end="")
        sys.stdout.write("!")

    assert [text for _, text, _ in record(main).lines()] == ["one two three", "four", "", "five!"]


@pytest.mark.parametrize("loop", LOOPS)
def test_lines_know_how_many_steps_were_over(loop: str) -> None:
    """What a step prints has the row of the step; what a callback prints comes after the step that scheduled it."""

    async def child() -> None:
        print("child")

    async def main() -> None:
        print("main begins")
        task = asyncio.create_task(child())
        task.add_done_callback(lambda _: print("called back"))
        await task
        await asyncio.sleep(0)
        print("main ends")

    lines = record(main, loop).trace.lines
    assert list(lines.steps) == [0, 1, 2, 3]
    assert list(record(main, loop).trace.steps.task) == [0, 1, 0, 0]


def test_lines_outside_a_loop_know_no_steps() -> None:
    """A thread's lines stand beside the steps of every loop."""

    async def main() -> None:
        await asyncio.to_thread(print, "from a thread")

    assert list(record(main, "asyncio").trace.lines.steps) == [-1]


def test_times_of_lines() -> None:
    """A line has the time at which it was ended."""

    async def main() -> None:
        print("now")
        await asyncio.sleep(2)
        print("later")

    assert list(record(main).trace.lines.t_ns) == [0, 2_000_000_000]


def test_snapshots_have_the_lines_so_far() -> None:
    """Each has those of the one before and the new ones, with times from the first task on once there is one."""
    clock = VirtualClock()
    recorder = Recorder(clock=clock)
    seen: list[Trace] = []

    async def main() -> None:
        for second in range(3):
            print(f"after {second}")
            await asyncio.sleep(1)
            seen.append(recorder.snapshot()[0])

    with clock.installed(), recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        print("before")
        time.sleep(5)
        seen.append(recorder.snapshot()[0])
        runner.run(main())
    whole = Recording(recorder.stop())

    assert [list(trace.lines.t_ns) for trace in seen] == [
        [0],
        *([-5 * SECOND, *(second * SECOND for second in range(number))] for number in (1, 2, 3)),
    ]
    assert [Recording(trace).lines() for trace in seen] == [whole.lines()[: number + 1] for number in range(4)]


def test_snapshots_of_a_recording_that_forgets_have_the_lines_that_are_kept() -> None:
    """What was in the snapshot before is not in the next one when it was let go of since."""
    recorder = Recorder(scope=Scope(max_steps=1))
    seen: list[Trace] = []

    async def main() -> None:
        print("first")
        seen.append(recorder.snapshot()[0])
        recorder.output.forget(recorder.now())
        print("second")
        seen.append(recorder.snapshot()[0])

    with recorder:
        asyncio.run(main())
    assert [[trace.text(text) for text in trace.lines.text] for trace in seen] == [["first"], ["second"]]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_threads_have_a_name(loop: str) -> None:
    """What a thread prints is the thread's; what callbacks print is their task's."""

    async def main() -> None:
        named("main")
        thread = threading.Thread(target=print, args=("by hand",), name="helper")
        thread.start()
        thread.join()
        asyncio.get_running_loop().call_soon(print, "by callback")
        await asyncio.sleep(TICK)

    assert record(main, loop).lines() == [("thread helper", "by hand", 1), ("main", "by callback", 1)]


def test_the_recorders_own_threads_have_no_name() -> None:
    """What a finalizer prints there was not printed by a thread of the program's."""

    async def main() -> None:
        printed = threading.Event()

        def call() -> None:
            print("collected")
            printed.set()

        ticker = Ticker(60, call)
        ticker.start()
        await asyncio.to_thread(printed.wait, 30)
        ticker.stop()

    assert record(main, "asyncio").lines() == [("", "collected", 1)]


def test_outside_of_any_loop() -> None:
    """What is printed before and after the loop belongs to nobody."""
    with Recorder() as recorder:
        print("before")
        asyncio.run(asyncio.sleep(0))
        print("after")

    assert Recording(recorder.stop()).lines() == [("", "before", 1), ("", "after", 1)]


def test_a_stdout_of_the_programs_own_is_left_alone() -> None:
    """What goes into a `redirect_stdout` goes there, and is not printed."""
    buffer = io.StringIO()

    async def main() -> None:
        with contextlib.redirect_stdout(buffer):
            print("captured")
        print("printed")

    recording = record(main)

    assert [text for _, text, _ in recording.lines()] == ["printed"]
    assert buffer.getvalue() == "captured\n"


def test_stdout_stays_the_same_object() -> None:
    """`sys.stdout` and `sys.stderr` are what they were, before, during and after; so is their `write` afterwards."""
    before = (sys.stdout, sys.stderr)
    with Recorder():
        during = (sys.stdout, sys.stderr)

    assert all(one is other for one, other in zip(before, during, strict=True))
    assert "write" not in vars(sys.stdout)
    assert "write" not in vars(sys.stderr)


def test_write_returns_what_it_returned() -> None:
    """`sys.stdout.write` gives the number of characters, and refuses what it refuses."""

    async def main() -> int:
        with pytest.raises(TypeError):
            sys.stdout.write(5)  # type: ignore[arg-type]
        return sys.stdout.write("four")

    assert record(main).result == 4


HELD = """if True:
    import asyncio, os, subprocess, sys
    from asyncdemo.recorder import Recorder

    async def main():
        asyncio.current_task().set_name("main")
        print("printed")
        print("complained", file=sys.stderr)
        os.write(1, b"written\\n")
        subprocess.run([sys.executable, "-c", "print('child')"], check=True)

    stdout = sys.stdout
    with Recorder(hold_output=True) as recorder:
        asyncio.run(main())
        assert sys.stdout is stdout
        print("drawn", file=recorder.screen, flush=True)
    trace = recorder.stop()
    print("over")
    columns = trace.lines.task, trace.lines.origin, trace.lines.text, trace.lines.stream
    lines = [(trace.task_name(task) if task >= 0 else trace.text(origin), trace.text(text), stream)
             for task, origin, text, stream in zip(*columns)]
    print(sorted(lines))
    print("fault", recorder.fault)
"""


CHILDREN = """if True:
    import asyncio, os, subprocess, sys
    from asyncdemo.recorder import Recorder

    async def main():
        for number in range(50):
            os.write(1 + number % 2, b"a\\nb\\n")
            print("after", file=sys.stdout if number % 3 else sys.stderr)

    with Recorder(hold_output=True) as recorder:
        asyncio.run(main())
    trace = recorder.stop()
    print(*(trace.text(text) for text in trace.lines.text), recorder.fault)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there the descriptors are read when they are")
def test_what_was_written_before_stands_before() -> None:
    """What reached a descriptor before the program printed a line was written before it, by a child for example."""
    done = subprocess.run([sys.executable, "-c", CHILDREN], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["a", "b", "after"] * 50 + ["None"]


def test_held_output_does_not_reach_the_terminal() -> None:
    """Prints, writes to the descriptor and a child's output are recorded; only the view's own drawing comes through."""
    done = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True)

    drawn, over, lines, fault = done.stdout.splitlines()
    assert (drawn, over, fault) == ("drawn", "over", "fault None")
    assert done.stderr == ""
    assert lines == repr(
        [
            ("child process", "child", 1),
            ("child process", "written", 1),
            ("main", "complained", 2),
            ("main", "printed", 1),
        ]
    )
