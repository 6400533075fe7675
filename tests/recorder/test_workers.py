"""Recorder: the jobs of executors, on their threads and processes."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from asyncdemo.recorder import Recorder
from asyncdemo.trace import NONE, Outcome, Wait
from tests.recorder.recordings import REAL_LOOPS, TICK, Recording, named, record

POOLS = {"threads": (ThreadPoolExecutor, Wait.THREAD), "processes": (ProcessPoolExecutor, Wait.PROCESS)}


def work(number: int) -> int:
    """A job that takes a moment."""
    threading.Event().wait(TICK)
    return number


def fail(number: int) -> int:
    """A job that fails."""
    raise ValueError(number)


def jobs(recording: Recording) -> list[tuple[str, str, Outcome]]:
    """Function, submitter and outcome of every job."""
    trace, table = recording.trace, recording.trace.jobs
    return [
        (
            trace.text(table.function[row]),
            "" if table.task[row] == NONE else trace.task_name(table.task[row]),
            Outcome(table.outcome[row]),
        )
        for row in range(len(table))
    ]


@pytest.mark.parametrize("loop", REAL_LOOPS)
@pytest.mark.parametrize(("pool", "kind"), POOLS.values(), ids=POOLS)
def test_jobs_have_submitter_worker_and_times(pool: Callable[[int], Executor], kind: Wait, loop: str) -> None:
    """Each job lies within the wait of the task that submitted it, on a worker; one worker runs one at a time."""

    async def submit(executor: Executor, number: int) -> Any:
        return await asyncio.get_running_loop().run_in_executor(executor, work, number)

    async def main() -> Any:
        with pool(2) as executor:
            return await asyncio.gather(
                *(asyncio.create_task(submit(executor, each), name=f"submitter {each}") for each in range(3))
            )

    recording = record(main, loop)
    trace, table = recording.trace, recording.trace.jobs

    assert recording.result == [0, 1, 2]
    assert jobs(recording) == [("work", f"submitter {each}", Outcome.RETURNED) for each in range(3)]
    assert set(table.kind) == {kind}
    for row in range(3):
        first, second = recording.steps(f"submitter {row}")
        assert trace.steps.start_ns[first] <= table.submitted_ns[row] <= trace.steps.end_ns[first]
        assert table.submitted_ns[row] <= table.started_ns[row] <= table.ended_ns[row]
        assert table.ended_ns[row] <= trace.steps.ready_ns[second]
        assert trace.workers.kind[table.worker[row]] == kind
    for worker in set(table.worker):
        spans = sorted((table.started_ns[row], table.ended_ns[row]) for row in range(3) if table.worker[row] == worker)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert len(trace.workers) <= 2
    names = [trace.text(name) for name in trace.workers.name]
    assert all(name.startswith("process " if kind == Wait.PROCESS else "ThreadPoolExecutor") for name in names)


@pytest.mark.parametrize("loop", REAL_LOOPS)
@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor], ids=["threads", "processes"])
def test_a_job_that_fails(pool: Callable[[int], Executor], loop: str) -> None:
    """Its error reaches the program as ever, and the job has raised."""

    async def main() -> str:
        named("main")
        with pool(1) as executor, pytest.raises(ValueError, match="7"):
            await asyncio.get_running_loop().run_in_executor(executor, fail, 7)
        return "done"

    recording = record(main, loop)

    assert recording.result == "done"
    assert jobs(recording) == [("fail", "main", Outcome.RAISED)]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_job_that_never_starts(loop: str) -> None:
    """A job that is cancelled while it queues has no worker, and takes no time."""

    async def main() -> None:
        named("main")
        running, release = asyncio.get_running_loop(), threading.Event()
        with ThreadPoolExecutor(1) as pool:
            first = running.run_in_executor(pool, release.wait)
            second = running.run_in_executor(pool, work, 1)
            await asyncio.sleep(TICK)
            second.cancel()
            await asyncio.sleep(TICK)
            release.set()
            await first

    recording = record(main, loop)
    table = recording.trace.jobs

    assert [outcome for *_, outcome in jobs(recording)] == [Outcome.RETURNED, Outcome.CANCELLED]
    assert table.started_ns[1] == table.ended_ns[1]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_to_thread_names_the_function(loop: str) -> None:
    """The function of the program's is named, not what `to_thread` or `partial` wraps it in."""

    async def main() -> None:
        named("main")
        await asyncio.to_thread(work, 1)
        await asyncio.to_thread(functools.partial(work, 1))
        await asyncio.get_running_loop().run_in_executor(None, functools.partial(work, number=1))

    assert [function for function, *_ in jobs(record(main, loop))] == ["work"] * 3


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_job_submitted_without_a_loop(loop: str) -> None:
    """`executor.submit` of a task's step is the task's; of a thread's, nobody's."""

    async def main() -> None:
        named("main")
        with ThreadPoolExecutor(2) as pool:
            pool.submit(pool.submit, work, 1).result().result()
        await asyncio.sleep(TICK)

    assert [task for _, task, _ in jobs(record(main, loop))] == ["main", ""]


def test_a_job_from_before_the_recording_is_no_fault() -> None:
    """A pool's thread that comes to a job which was submitted before goes on, and so does the recording."""
    hold, begun = threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        hold.wait(60)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(block)
        before = pool.submit(int)
        assert begun.wait(60)
        with Recorder() as recorder:
            hold.set()
            assert before.result(60) == 0
            assert pool.submit(int, "7").result(60) == 7
    assert recorder.fault is None
    assert len(recorder.stop().jobs) == 1
