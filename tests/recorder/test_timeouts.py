"""Recorder: time-outs that ran out, since when they ran, and when and how what they limit was over."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from asyncdemo import recorder
from asyncdemo.recorder import Recorder
from asyncdemo.trace import Outcome, Trace
from tests.recorder.recordings import LOOPS, Recording, named, record

MS = 1_000_000
IN_A_TASK = sys.version_info < (3, 12)
"""Whether `wait_for` makes a task of what it limits."""


def of(recording: Recording) -> list[tuple[str, str, Outcome]]:
    """In which task each time-out stands, its source line, and how it was left."""
    table, trace = recording.trace.timeouts, recording.trace
    return [
        (trace.task_name(table.task[row]), recording.source(table.site[row]), Outcome(table.outcome[row]))
        for row in range(len(table))
    ]


def times(recording: Recording) -> list[tuple[int, int, int]]:
    """When each was set, when it ran out and when it was left, in milliseconds."""
    table = recording.trace.timeouts
    rows = zip(table.set_ns, table.out_ns, table.left_ns, strict=True)
    return [(set_ns // MS, out // MS, left // MS) for set_ns, out, left in rows]


async def cleaning(cleanup: float) -> None:
    """Sleeps, and then cleans up."""
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(cleanup)


async def by_wait_for(work: Coroutine[Any, Any, Any], limit: float) -> None:
    """Limits something."""
    await asyncio.wait_for(work, limit)  # limits


async def by_timeout(work: Coroutine[Any, Any, Any], limit: float) -> None:
    """Limits something."""
    async with asyncio.timeout(limit):  # limits
        await work


Limiting = Callable[[Coroutine[Any, Any, Any], float], Coroutine[Any, Any, None]]
BOTH = pytest.mark.parametrize("limiting", [by_wait_for, by_timeout])


@BOTH
def test_times_are_exact_in_virtual_time(limiting: Limiting) -> None:
    """Set at 0.1 s with 0.2 s to go, out at 0.3 s, and left after a cleanup of half a second."""

    async def main() -> None:
        named("main")
        await asyncio.sleep(0.1)
        try:
            await limiting(cleaning(0.5), 0.2)
        except TimeoutError:
            await asyncio.sleep(1)

    recording = record(main, "virtual")

    assert times(recording) == [(100, 300, 800)]
    assert [(task, outcome) for task, _, outcome in of(recording)] == [("main", Outcome.CANCELLED)]
    assert of(recording)[0][1].endswith("# limits")
    limited = recording.trace.timeouts.limited[0]
    assert (limited != recording.row("main")) == (IN_A_TASK and limiting is by_wait_for)


@pytest.mark.parametrize("loop", LOOPS)
@BOTH
def test_one_that_does_not_run_out_leaves_nothing(limiting: Limiting, loop: str) -> None:
    """A time-out whose time is never up, or that has none, is no row."""

    async def main() -> None:
        await limiting(asyncio.sleep(0.01), 60)
        async with asyncio.timeout(None):
            await asyncio.sleep(0)

    recording = record(main, loop)

    assert recording.error is None
    assert of(recording) == []


@pytest.mark.parametrize("loop", LOOPS)
@BOTH
def test_how_it_ended_is_told(limiting: Limiting, loop: str) -> None:
    """What heeds the request is cancelled; what does not returns, or ends with an error of its own."""

    async def swallows() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0)

    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError

    async def main() -> None:
        for work in (asyncio.sleep(60), swallows(), fails()):
            try:
                await limiting(work, 0.02)
            except (TimeoutError, ValueError):
                await asyncio.sleep(0)

    recording = record(main, loop)

    assert [outcome for *_, outcome in of(recording)] == [Outcome.CANCELLED, Outcome.RETURNED, Outcome.RAISED]


@BOTH
def test_one_that_is_not_left_is_pending(limiting: Limiting) -> None:
    """A time-out whose end has not come as the recording ends lasts until then."""

    async def main() -> Trace:
        with Recorder() as recording:
            task = asyncio.create_task(limiting(cleaning(60), 0.02))
            await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        return recording.stop()

    trace = asyncio.run(main())

    assert list(trace.timeouts.outcome) == [Outcome.PENDING]
    assert list(trace.timeouts.left_ns) == [trace.duration_ns]


@pytest.mark.parametrize("loop", LOOPS)
@BOTH
def test_no_frame_of_ours_is_in_tracebacks(limiting: Limiting, loop: str) -> None:
    """What a time-out raises says nothing of the recorder."""

    async def main() -> str:
        try:
            await limiting(cleaning(0), 0.02)
        except TimeoutError as error:
            return "".join(traceback.format_exception(error))
        return ""

    told = record(main, loop).result

    assert "TimeoutError" in told
    assert f"{Path(recorder.__file__).parent}" not in told
