"""Recorder: what holds the loop up, in which line, and what of it is the garbage collector's."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import Any

import pytest

from asyncdemo.trace import NONE
from tests.recorder.recordings import LOOPS, REAL_LOOPS, named, record


def stalls(recording: Any) -> list[str]:
    """Whose step each stall was."""
    return [recording.actor(task) for task in recording.trace.stalls.task]


def test_the_threshold() -> None:
    """A step longer than `stall_ns` is a stall; one of that length is none."""

    async def main() -> None:
        named("main")
        time.sleep(0.05)  # noqa: ASYNC251
        await asyncio.sleep(1)
        time.sleep(0.051)  # noqa: ASYNC251
        await asyncio.sleep(1)

    trace = record(main).trace

    assert trace.meta["stall_ns"] == 50_000_000
    assert list(zip(trace.stalls.start_ns, trace.stalls.end_ns, strict=True)) == [(1_050_000_000, 1_101_000_000)]


@pytest.mark.parametrize("loop", LOOPS)
def test_a_step_that_blocks(loop: str) -> None:
    """The stall is the task's, and lies in its step."""

    async def main() -> None:
        named("main")
        await asyncio.sleep(0)
        time.sleep(0.2)  # noqa: ASYNC251

    trace = (recording := record(main, loop)).trace

    assert stalls(recording) == ["main"]
    step = recording.steps("main")[1]
    assert (trace.stalls.start_ns[0], trace.stalls.end_ns[0]) == (trace.steps.start_ns[step], trace.steps.end_ns[step])
    assert trace.stalls.gc_ns[0] == 0


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_the_line_that_blocks(loop: str) -> None:
    """The program's line seen most often while it lasted is the one that blocks."""

    def blocks() -> None:
        time.sleep(0.4)  # blocks here

    async def main() -> None:
        blocks()

    trace = (recording := record(main, loop)).trace

    assert recording.source(trace.stalls.site[0]) == "time.sleep(0.4)  # blocks here"


@pytest.mark.parametrize("loop", LOOPS)
def test_a_callback_that_blocks(loop: str) -> None:
    """A stall of a callback is no task's."""

    async def main() -> None:
        named("main")
        asyncio.get_running_loop().call_soon(time.sleep, 0.2)
        await asyncio.sleep(0.3)

    assert list(record(main, loop).trace.stalls.task) == [NONE]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_the_garbage_collector_is_told_apart(loop: str) -> None:
    """A pause of the collector's within a step is noted as such, and counted out of the stall."""

    async def main() -> None:
        named("main")
        kept: list[Any] = []
        kept.extend([kept] for _ in range(300_000))
        gc.collect()
        time.sleep(0.1)  # noqa: ASYNC251

    gc.collect()
    trace = (recording := record(main, loop)).trace

    assert stalls(recording) == ["main"]
    assert "main" in [recording.actor(task) for task in trace.pauses.task]
    assert 0 < trace.stalls.gc_ns[0] < trace.stalls.end_ns[0] - trace.stalls.start_ns[0] - 100_000_000
    assert trace.stalls.gc_ns[0] <= trace.meta["gc_ns"]
    assert trace.meta["gc_runs"] >= 1
    pauses = list(zip(trace.pauses.start_ns, trace.pauses.end_ns, trace.pauses.generation, strict=True))
    assert all(end - start > trace.meta["pause_ns"] for start, end, _ in pauses)
    assert pauses[-1][2] == 2
