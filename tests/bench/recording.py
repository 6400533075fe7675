"""What recording costs: time against plain Python, and memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.bench.figure import Figure
from tests.bench.measure import Samples, asyncdemo, python, run

WORKLOADS = Path(__file__).parent / "workloads"
TASKS = 100_000
STEPS_EACH = 4
"""What a task of the switches takes: three `sleep(0)` make four steps."""
MOST_PER_STEP = 48
MOST_PER_TASK = 400


def must_record(*args: str | Path) -> None:
    """Make sure that `asyncdemo run` records all of a workload: a recorder that is off costs nothing.

    Raises:
        RuntimeError: when something was lost.
    """
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "whole.trace")
        run(asyncdemo("run", "--format", "quiet", "--save", trace, *args))
        run(python("-m", "tests.bench.whole", trace))


def slowdown(
    workload: str,
    goals: dict[str, float],
    runs: int,
    how: str = "recorded",
    options: Sequence[str | Path] = ("--format", "quiet"),
    *,
    terminal: bool = False,
) -> Iterator[Figure]:
    """How many times as long a workload's loop takes under `asyncdemo run` with these options as under Python alone."""
    commands = {}
    for loop in goals:
        script = WORKLOADS / f"{workload}.py"
        must_record(script, loop)
        commands[f"{loop} plain"] = python(script, loop)
        commands[f"{loop} recorded"] = asyncdemo("run", *options, script, loop, terminal=terminal)
    samples = Samples(commands, runs)
    for loop, goal in goals.items():
        recorded, plain = f"{loop} recorded", f"{loop} plain"
        note = (
            f"whole process {samples.ratio(recorded, plain, 'wall'):.2f}x, plain {samples.median(plain, 'wall'):.2f} s"
        )
        yield Figure(f"{workload} {how}, {loop}", samples.ratio(recorded, plain, "loop"), goal, note=note)


SWITCHES, HANDOVER, FETCHES = {"asyncio": 1.9, "uvloop": 2.4}, {"asyncio": 1.8}, {"asyncio": 1.05, "uvloop": 1.05}
switches = partial(slowdown, "switches", SWITCHES)
handover = partial(slowdown, "handover", HANDOVER)


def fetches(runs: int) -> Iterator[Figure]:
    """The same for a workload that waits for sockets, in five times as many rounds: a few percent are asked for."""
    yield from slowdown("fetches", FETCHES, runs * 5)


def saved(runs: int) -> Iterator[Figure]:
    """The same for all three while the recording is saved as it goes, with the same goals."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--format", "quiet", "--force", "--save", Path(folder, "saved.trace"))
        yield from slowdown("switches", SWITCHES, runs, "saved", options)
        yield from slowdown("handover", HANDOVER, runs, "saved", options)
        yield from slowdown("fetches", FETCHES, runs * 5, "saved", options)


def memory(runs: int) -> Iterator[Figure]:
    """Bytes that recording adds, told apart by workloads with more tasks and with more steps a task."""
    sizes = {"few": (1000, 3), "tasks": (TASKS, 3), "steps": (TASKS, 15)}
    script = WORKLOADS / "switches.py"
    must_record(script)
    commands = {}
    for name, (tasks, switches_) in sizes.items():
        args = (script, "asyncio", tasks, switches_)
        commands[name] = python(*map(str, args))
        commands[f"{name} recorded"] = asyncdemo("run", "--format", "quiet", *map(str, args))
    samples = Samples(commands, runs)
    added = {name: samples.median(f"{name} recorded", "memory") - samples.median(name, "memory") for name in sizes}
    step = (added["steps"] - added["tasks"]) / (TASKS * 12)
    task = (added["tasks"] - added["few"]) / (TASKS - 1000) - STEPS_EACH * step
    base = f"and {added['few'] / 1e6:.0f} MB of asyncdemo itself"
    yield Figure("memory of recording a step", step, MOST_PER_STEP, "bytes")
    yield Figure("memory of recording a task", task, MOST_PER_TASK, "bytes", base)
