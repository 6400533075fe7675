"""The executor concept, on real threads and processes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from asyncdemo.concepts.beyond import executor


def test_results_come_in_the_order_of_the_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    """However many threads share the jobs, their results stand in order."""
    asyncio.run(executor.main(jobs=5, threads=2, block=0.001, sums=0))
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.endswith("complete") for line in lines) == 5
    assert "Results: ['result_0', 'result_1', 'result_2', 'result_3', 'result_4']" in lines


def test_an_error_comes_out_while_other_jobs_still_block() -> None:
    """A failing job is heard of at once; nobody waits for the threads that are still busy."""
    busy = Event()
    finished = []

    def job(number: int, _: float) -> None:
        if number == 0:
            raise RuntimeError("failed")
        busy.wait(timeout=10)
        finished.append(number)

    with pytest.raises(RuntimeError, match="failed"):
        asyncio.run(executor.run_all(ThreadPoolExecutor(2), job, jobs=2, amount=0))
    assert finished == []
    busy.set()


def test_the_loop_stays_free_while_jobs_block() -> None:
    """Other tasks run while every thread of the pool is blocked."""

    async def main() -> None:
        free = Event()
        blocked = asyncio.create_task(executor.run_all(ThreadPoolExecutor(1), lambda *_: free.wait(timeout=10), 1, 0))
        await asyncio.sleep(0)
        free.set()
        assert await blocked == [True]

    asyncio.run(main())
