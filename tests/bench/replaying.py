"""What a recording of a million steps costs: to save, to load, to export, and to look around in."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median

from asyncdemo import exporters, load, save
from asyncdemo.exporters import Run
from asyncdemo.trace import Trace
from tests.bench.figure import Figure
from tests.bench.measure import asyncdemo
from tests.bench.million import STEPS, recording
from tests.bench.terminal import Timed

SHAPES = (100_000, 1_000, 10)
"""How many tasks the million steps are shared out among."""
KEYS = {
    "down": b"\x1b[B",
    "page down": b"\x1b[6~",
    "closer": b"+",
    "half a screen on": b"L",
    "a cell on": b"\x1b[C",
    "next step": b"]",
    "who woke it": b"w",
    "details": b"\r",
    "further away": b"-",
}
COHORTS = "cohorts"
IN_COHORTS = {
    "closer, in cohorts": b"+",
    "half a screen on, in cohorts": b"L",
    "further away, in cohorts": b"-",
    "fewer tasks a row": b"i",
}
"""Pressed when all cohorts have been worked out, which takes a second or so and lets keys come first."""
MOST_MB = 16
LEAST_STEPS = 200_000
FEW = 100
"""So few tasks fit on a screen or two, and have no cohorts to speak of."""


def _in_turns(jobs: Mapping[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """Seconds of CPU that each job took in each round."""
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(runs):
        for name, job in jobs.items():
            start = time.process_time()
            job()
            taken[name].append(time.process_time() - start)
    return taken


def files(runs: int) -> Iterator[Figure]:
    """Saving and loading, against what `json` takes for a list of a million integers; and the size."""
    numbers = list(range(STEPS))
    text = json.dumps(numbers)
    for tasks in SHAPES:
        trace = recording(tasks)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "a.trace")
            taken = _in_turns(
                {
                    "save": partial(save, trace, path, force=True),
                    "dumps": partial(json.dumps, numbers),
                    "load": partial(load, path),
                    "loads": partial(json.loads, text),
                },
                runs,
            )
            size = path.stat().st_size / 1e6
        of = f"a million steps of {tasks:,} tasks"
        for done, like in (("save", "dumps"), ("load", "loads")):
            ratio = median(one / other for one, other in zip(taken[done], taken[like], strict=True))
            note = f"{median(taken[done]) * 1e3:.0f} ms, json {median(taken[like]) * 1e3:.0f} ms"
            yield Figure(f"{done} {of}, json.{like}", ratio, 2, note=note)
        yield Figure(f"on disk, {of}", size, MOST_MB, "MB")


def exports(runs: int) -> Iterator[Figure]:
    """Microseconds that a step takes in the Perfetto export: 5 are 200,000 steps a second."""
    for tasks in SHAPES[:2]:
        trace = recording(tasks)
        taken = _in_turns({"perfetto": partial(_drain, trace)}, max(1, runs // 2))["perfetto"]
        note = f"{STEPS / median(taken):,.0f} steps a second"
        yield Figure(f"a step in the Perfetto export, {tasks:,} tasks", median(taken), 1e6 / LEAST_STEPS, "us", note)


def _drain(trace: Trace) -> None:
    for piece in exporters.find("perfetto").export(trace, Run("app.py")):
        piece.encode()


def pager(runs: int) -> Iterator[Figure]:
    """How long the first screen of `asyncdemo replay` takes, and the slowest key press of several."""
    for tasks in SHAPES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "a.trace")
            save(recording(tasks), path)
            _session(path)
            sessions = [_session(path) for _ in range(max(1, runs // 2))]
        # Others on the machine make it slower, nothing makes it faster.
        wall, cpu = min(first for first, _ in sessions)
        yield Figure(f"first screen of a million steps, {tasks:,} tasks", wall, 1, "s", f"CPU {cpu:.2f} s")
        keys = {name: min(keys[name] for _, keys in sessions) for name in (KEYS | IN_COHORTS if tasks > FEW else KEYS)}
        if tasks > FEW:
            drawn = min(all_keys[COHORTS] for _, all_keys in sessions)
            note = f"CPU {drawn[1]:.2f} s; keys come first meanwhile"
            yield Figure(f"until all cohorts are drawn, {tasks:,} tasks", drawn[0], None, "s", note)
        name = max(keys, key=lambda each: keys[each])
        usual = median(wall for wall, _ in keys.values())
        note = f"{name}, CPU {keys[name][1] * 1e3:.0f} ms; the middle of all keys {usual * 1e3:.0f} ms"
        yield Figure(f"the slowest key press, {tasks:,} tasks", keys[name][0] * 1e3, 50, "ms", note)


def _session(path: Path) -> tuple[tuple[float, float], dict[str, tuple[float, float]]]:
    """The first screen, and what each key took."""
    terminal = Timed(asyncdemo("replay", path))
    first = terminal.first_screen(b"quit")
    pressed = {name: terminal.press(key) for name, key in KEYS.items()}
    pressed[COHORTS] = terminal.press(b"o")
    pressed |= {name: terminal.press(key) for name, key in IN_COHORTS.items()}
    terminal.end(b"q")
    return first, pressed
