"""Recorder: each time that a suspended task was asked to end, whether it did or not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asyncdemo.trace import Outcome
from asyncdemo.tracefile import load
from tests.recorder.recordings import LOOPS, TICK, Recording, named, record

PROGRAM = """
import asyncio


async def fails():
    await asyncio.sleep(0.01)
    raise ValueError


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(60), name="sibling")
            group.create_task(fails(), name="failing")
    except* ValueError:
        pass
    asyncio.get_running_loop().call_later(0.01, asyncio.create_task(asyncio.sleep(60), name="later").cancel)
    await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main())
"""


def requests(recording: Recording) -> list[tuple[str, int, str, str]]:
    """Who was asked, in ticks when, by whom and in which source line."""
    table = recording.trace.cancels
    return [
        (recording.trace.task_name(task), round(t_ns / 1e9 / TICK), recording.actor(by), recording.source(site))
        for task, t_ns, by, site in zip(table.task, table.t_ns, table.by, table.site, strict=True)
    ]


async def stubborn() -> None:
    """Cleans up for two ticks before it gives in."""
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(2 * TICK)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_request_that_is_cleaned_up_after(loop: str) -> None:
    """It is seen when it is made, not when the task has ended."""

    async def main() -> None:
        named("main")
        task = asyncio.create_task(stubborn(), name="job")
        await asyncio.sleep(TICK)
        task.cancel()  # asks
        await asyncio.wait([task])

    recording = record(main, loop)

    [(task, ticks, *asked)] = requests(recording)
    assert (task, *asked) == ("job", "main", "task.cancel()  # asks")
    assert recording.outcome("job") == Outcome.CANCELLED
    if loop == "virtual":
        assert ticks == 1
        assert recording.task("job", "ended_ns") == 3 * TICK * 1e9


@pytest.mark.parametrize("loop", LOOPS)
def test_requests_that_are_swallowed(loop: str) -> None:
    """Each of them is a row, though the task returns."""

    async def deaf() -> str:
        for _ in range(3):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue
        return "done"

    async def main() -> None:
        named("main")
        task = asyncio.create_task(deaf(), name="job")
        for _ in range(3):
            await asyncio.sleep(TICK)
            task.cancel()  # asks
        await task

    recording = record(main, loop)

    rows = requests(recording)
    assert [(task, *asked) for task, _, *asked in rows] == [("job", "main", "task.cancel()  # asks")] * 3
    assert recording.outcome("job") == Outcome.RETURNED
    if loop == "virtual":
        assert [ticks for _, ticks, *_ in rows] == [1, 2, 3]


@pytest.mark.parametrize("loop", LOOPS)
def test_time_outs(loop: str) -> None:
    """A time-out asks in the line that is waiting, each time anew, whatever that awaits."""

    async def impatient() -> None:
        for work in (lambda: asyncio.sleep(60), lambda: asyncio.create_task(asyncio.sleep(60), name="inner")):
            for _ in range(2):
                try:
                    async with asyncio.timeout(TICK):
                        await work()  # too long
                except TimeoutError:
                    pass

    async def main() -> None:
        await asyncio.create_task(impatient(), name="job")

    rows = requests(record(main, loop))

    by_timer = ("timer", "await work()  # too long")
    assert [(task, *asked) for task, _, *asked in rows if task == "job"] == [("job", *by_timer)] * 4
    assert [(task, *asked) for task, _, *asked in rows if task == "inner"] == [("inner", *by_timer)] * 2
    if loop == "virtual":
        assert [ticks for task, ticks, *_ in rows if task == "job"] == [1, 2, 3, 4]


@pytest.mark.parametrize("loop", LOOPS)
def test_wait_for_that_runs_out(loop: str) -> None:
    """The line that calls `wait_for` asks, not the one within that is waiting."""

    async def slow() -> None:
        await asyncio.sleep(60)

    async def main() -> None:
        named("main")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow(), TICK)  # too long

    rows = requests(record(main, loop))

    assert [asked for _, _, *asked in rows] == [["timer", "await asyncio.wait_for(slow(), TICK)  # too long"]]
    if sys.version_info >= (3, 12):
        assert rows[0][0] == "main"


@pytest.mark.parametrize("loop", LOOPS)
def test_who_awaits_a_cancelled_task_was_not_asked(loop: str) -> None:
    """The exception reaches it too, but nobody wants its end; not even when it was asked before and went on."""

    async def main() -> None:
        named("main")
        job, other = (asyncio.create_task(asyncio.sleep(60), name=name) for name in ("job", "other"))
        running = asyncio.current_task()
        assert running is not None
        asyncio.get_running_loop().call_later(TICK, running.cancel)
        for task in (None, job, other):
            try:
                if task is None:
                    await asyncio.sleep(60)
                else:
                    await asyncio.sleep(TICK)
                    task.cancel()
                    await task
            except asyncio.CancelledError:
                pass

    rows = requests(record(main, loop))

    assert [(task, by) for task, _, by, _ in rows] == [("main", "timer"), ("job", "main"), ("other", "main")]


@pytest.mark.parametrize("loop", LOOPS)
def test_a_request_before_the_first_step(loop: str) -> None:
    """It is known who asked, but not in which line: asyncio keeps nothing of it but that."""

    async def main() -> None:
        named("main")
        task = asyncio.create_task(asyncio.sleep(60), name="never")
        task.cancel()
        await asyncio.wait([task])

    assert [(task, *asked) for task, _, *asked in requests(record(main, loop))] == [("never", "main", "")]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("start", [["asyncdemo"], [sys.executable, "-m", "asyncdemo"]], ids=["script", "module"])
def test_what_starts_the_program_asks_for_nothing(tmp_path: Path, start: list[str], loop: str) -> None:
    """Where no line of the program's asks, there is no site: neither the launcher's nor that of `asyncio.run`."""
    program, trace = tmp_path / "program.py", tmp_path / "run.trace"
    program.write_text(PROGRAM)
    command = [str(Path(sys.executable).parent / start[0]), *start[1:]] if len(start) == 1 else start
    arguments = ["run", "--loop", loop, "--format", "quiet", "--save", str(trace), str(program)]
    subprocess.run([*command, *arguments], check=True, timeout=60)

    recording = Recording(load(trace))

    assert recording.cancelled("sibling") == ("failing", "")
    assert recording.cancelled("later") == ("timer", "")
    assert "asyncio.run(main())" in {recording.created_at(name) for name in recording.names}


def test_the_table_is_in_a_snapshot() -> None:
    """A snapshot has the requests so far."""
    from asyncdemo.recorder import Recorder, VirtualClock

    clock = VirtualClock()
    recorder = Recorder(clock=clock)
    seen: list[Any] = []

    async def main() -> None:
        task = asyncio.create_task(stubborn(), name="job")
        await asyncio.sleep(1)
        task.cancel()
        seen.append(list(recorder.snapshot()[0].cancels.t_ns))
        await asyncio.wait([task])

    with clock.installed(), recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main())

    assert seen == [[1_000_000_000]]
