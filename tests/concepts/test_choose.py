"""The choose concept, on real threads and processes."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from asyncdemo.concepts.choosing import choose
from asyncdemo.recorder import VirtualClock


def virtual_ns(coroutine: Coroutine[Any, Any, None]) -> int:
    """How long it takes in virtual time, which passes in `time.sleep` as well."""
    clock = VirtualClock()
    with clock.installed(), asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(coroutine)
    return clock.now_ns()


def test_the_table_has_a_row_for_each_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Each way is measured with both kinds of jobs."""
    asyncio.run(choose.main(jobs=2, wait=0.001, size=10, threads=2, processes=1))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Starting processes time: ")
    rows = [re.sub(r"time: [\d.]+ s", "N", line) for line in lines[1:]]
    ways = ("serially", "as tasks", "on threads", "on processes")
    assert rows == [f"{way:<13} I/O-bound N  CPU-bound N" for way in ways]


def test_serial_waits_add_up_and_those_of_tasks_do_not() -> None:
    """Eight waits of a second take eight seconds serially, and one as tasks."""

    def wait(seconds: float) -> None:
        time.sleep(seconds)  # looked up when called, since virtual time replaces it

    assert virtual_ns(choose.serially(wait, [1] * 8)) == 8_000_000_000
    assert virtual_ns(choose.as_tasks(asyncio.sleep, [1] * 8)) == 1_000_000_000


def test_blocking_waits_on_threads_go_on_together() -> None:
    """All jobs of a pool with a thread for each are under way at once: each waits for all the others."""
    barrier = threading.Barrier(4)

    def job(_: float) -> None:
        barrier.wait(timeout=10)

    with ThreadPoolExecutor(4) as pool:
        asyncio.run(choose.in_pool(pool, job, [0] * 4))
    assert not barrier.broken


def test_tasks_that_compute_take_their_turns_one_after_the_other() -> None:
    """Computing in a task keeps the loop from everything else until it is done."""
    order: list[str] = []

    async def main() -> None:
        asyncio.get_running_loop().call_soon(order.append, "another turn")
        await choose.compute_in_task(1000)
        order.append("computed")
        await asyncio.sleep(0)

    asyncio.run(main())
    assert order == ["computed", "another turn"]
