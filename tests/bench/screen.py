"""What the screen costs: the program's own time with the live view on, and the time that a frame takes."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from asyncdemo import load
from tests.bench.figure import Figure
from tests.bench.measure import ENVIRONMENT, PROJECT, Samples, asyncdemo, python, run
from tests.bench.recording import MOST_PER_STEP, MOST_PER_TASK, STEPS_EACH, TASKS, WORKLOADS, slowdown

IDEAL_NS = 4_000_000_000


def real_time(runs: int) -> Iterator[Figure]:
    """How long the semaphore's four seconds take by the program's own clock while it is drawn live."""
    walls = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            trace = Path(folder, f"{number}.trace")
            run(asyncdemo("semaphore", "--save", trace, terminal=True))
            walls.append(load(trace).duration_ns)
    note = f"{median(walls) / 1e9:.4f} s, worst {max(walls) / 1e9:.4f} s"
    yield Figure("semaphore drawn live, its ideal time", median(walls) / IDEAL_NS, 1.01, note=note)


def frames(_runs: int) -> Iterator[Figure]:
    """Milliseconds of CPU time that one frame of the live view takes, with few tasks and with many."""
    for tasks in 10, 1_000, TASKS:
        command = python("-m", "tests.bench.frames", str(tasks)).args
        done = subprocess.run(command, capture_output=True, check=True, cwd=PROJECT, env=ENVIRONMENT, text=True)
        times = {name: [ns / 1e6 for ns in each] for name, each in json.loads(done.stdout).items()}
        note = f"by the clock {median(times['frame']):.2f} ms, slowest {max(times['frame']):.2f} ms"
        yield Figure(f"a frame at 100 x 50, {tasks:,} tasks", median(times["cpu"]), 2, "ms", note)


def fetches(runs: int) -> Iterator[Figure]:
    """How many times as long requests over sockets take with the live view on as under Python alone."""
    yield from slowdown("fetches", {"asyncio": 1.10}, runs * 5, "drawn live", ("--live",), terminal=True)


def live(runs: int) -> Iterator[Figure]:
    """The task switches with the live view on: its slowest frame and its memory."""
    script = str(WORKLOADS / "switches.py")
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "frames")
        watched = python("-m", "tests.bench.watched", told, "run", script, "asyncio", str(TASKS), terminal=True)
        few = python("-m", "tests.bench.watched", told, "run", script, "asyncio", "1000", terminal=True)
        plain = {"many plain": python(script, "asyncio", str(TASKS)), "few plain": python(script, "asyncio", "1000")}
        samples = Samples({"few": few, **plain, "many": watched}, max(runs // 2, 1))
        run(watched)
        times = [ns / 1e6 for ns in json.loads(told.read_text(encoding="utf-8"))]
    note = f"median {median(times):.1f} ms of {len(times)}" if times else "no frame was drawn"
    yield Figure(f"slowest frame, {TASKS:,} tasks switching", max(times, default=float("inf")), 50, "ms", note)
    added = sum(samples.median(name, "memory") * sign for name, sign in (("many", 1), ("few", -1)))
    added -= sum(samples.median(name, "memory") * sign for name, sign in (("many plain", 1), ("few plain", -1)))
    goal = MOST_PER_TASK + STEPS_EACH * MOST_PER_STEP
    yield Figure("memory of a task with its 4 steps, drawn live", added / TASKS, goal, "bytes")
