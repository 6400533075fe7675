"""The executor concept, on real threads and processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import util
from pathlib import Path
from threading import Event

import pytest

from asyncdemo.concepts.beyond import executor
from asyncdemo.errors import UNAVAILABLE
from tests.commands import Asyncdemo

PROJECT = Path(__file__).parents[2]


def test_results_come_in_the_order_of_the_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    """However many threads share the jobs, their results stand in order."""
    asyncio.run(executor.main(jobs=5, threads=2, block=0.001, sums=0))
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.endswith("complete") for line in lines) == 5
    assert "Results: ['result_0', 'result_1', 'result_2', 'result_3', 'result_4']" in lines


def test_dask_computes_on_workers_of_its_own() -> None:
    """Each computation is done once, by processes that are gone afterwards, and nothing is said on stderr."""
    pytest.importorskip("distributed")
    command = [sys.executable, "-m", "asyncdemo", "executor", "--pool=dask", "--jobs=0", "--sums=3", "--size=9", "-q"]
    done = subprocess.run(command, capture_output=True, check=False, cwd=PROJECT, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert sorted(line for line in lines if line.startswith("CPU task") and line.endswith("complete")) == [
        f"CPU task {number} complete" for number in range(3)
    ]
    assert lines[-1].startswith("CPU task time: ")


def test_without_dask_only_dask_cannot_be_had(asyncdemo: Asyncdemo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 3 and what brings it; processes are there all the same."""
    find_spec = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "distributed" else find_spec(name))
    said = "executor --pool dask needs distributed, which is not installed.\npip install 'asyncdemo[cluster]'"
    asyncdemo("executor", "--pool", "dask").check_refusal(said, UNAVAILABLE)
    asyncdemo("bench", "executor", "-P", "pool=dask").check_refusal(said, UNAVAILABLE)
    assert asyncdemo("executor", "--jobs", "0", "--sums", "0", "-q")[0] == 0


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
