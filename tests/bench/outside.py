"""What `bench` measures from inside beside what hyperfine measures from outside, uvloop on W3, and a long sweep."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from math import hypot, log, nan
from pathlib import Path
from statistics import median
from typing import Any

from asyncdemo import compare
from tests.bench.figure import Figure
from tests.bench.honesty import turns_of
from tests.bench.measure import ENVIRONMENT, asyncdemo, run
from tests.bench.recording import WORKLOADS

RUNS = 20
SECONDS, SLOWER = 0.2, 1.25
CELLS = 1000
FEW, MANY = 10, 25


def hyperfine(_runs: int) -> Iterator[Figure]:
    """Whether the ratio of two scripts is the same from inside and from outside, start-up taken off."""
    what = "two scripts' ratio, off hyperfine's, in both intervals"
    if shutil.which("hyperfine") is None:
        yield Figure(what, nan, None, "", "not measured: there is no hyperfine (apt install hyperfine)")
        return
    with tempfile.TemporaryDirectory() as folder:
        turns = turns_of(SECONDS)
        slow, fast, empty = (script(Path(folder), number) for number in (round(turns * SLOWER), turns, 0))
        inside = of_asyncdemo(Path(folder), slow, fast)
        outside = of_hyperfine(Path(folder), slow, fast, empty)
    apart = abs(log(inside.times / outside.times))
    reach = hypot(*(log((each.high or 1) / (each.low or 1)) / 2 for each in (inside, outside)))
    note = f"{told(inside)} from inside, {told(outside)} from outside, {RUNS} runs each"
    yield Figure(what, apart / reach, 1, "", note)


def told(ratio: compare.Ratio) -> str:
    """A ratio with its interval."""
    return f"{ratio.times:.3f}x ({ratio.low or 0:.3f} to {ratio.high or 0:.3f})"


def script(folder: Path, turns: int) -> Path:
    """A script that adds up so many squares."""
    path = folder / f"turns_{turns}.py"
    text = (WORKLOADS / "summing.py").read_text(encoding="utf-8")
    path.write_text(text.replace("TURNS = 0", f"TURNS = {turns}"), encoding="utf-8")
    return path


def times_of(command: list[str], path: Path) -> list[list[float]]:
    """The seconds of every run of each row in the file that a command exports.

    Raises:
        RuntimeError: the command failed.
    """
    done = subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-400:]}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return [each["times"] for each in found["results"]]


def of_asyncdemo(folder: Path, slow: Path, fast: Path) -> compare.Ratio:
    """How many times faster one script is than the other, as `bench` says."""
    out = folder / "inside.json"
    arguments = (*map(str, (slow, fast)), "-r", str(RUNS), "--no-instrumented", "--export-json", str(out))
    one, other = times_of(list(asyncdemo("bench", *arguments).args), out)
    return compare.ratio(one, other)


def of_hyperfine(folder: Path, slow: Path, fast: Path, empty: Path) -> compare.Ratio:
    """The same as hyperfine says, once the time of an empty script is taken off its times: that of starting Python."""
    out = folder / "outside.json"
    commands = [f"{sys.executable} {each}" for each in (slow, fast, empty)]
    asked = ["hyperfine", "-N", "--warmup", "1", "--runs", str(RUNS), "--export-json", str(out), *commands]
    one, other, start = times_of(asked, out)
    started = median(start)
    if min(*one, *other) <= started:
        raise RuntimeError("starting Python took longer than a script: the machine is too busy")
    return compare.ratio([each - started for each in one], [each - started for each in other], paired=False)


def uvloop(_runs: int) -> Iterator[Figure]:
    """What a user sees who compares the loops on W3: `asyncdemo compare w3.py@asyncio w3.py@uvloop`."""
    path = WORKLOADS / "fetches.py"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "loops.json"
        command = asyncdemo("compare", f"{path}@asyncio", f"{path}@uvloop", "-r", "10", "--export-json", out)
        one, other = times_of(list(command.args), out)
    ratio = compare.ratio(one, other)
    yield Figure("uvloop on W3 (aiohttp), times as fast as asyncio", ratio.times, None, note=f"10 runs: {told(ratio)}")


def sweep(_runs: int) -> Iterator[Figure]:
    """What a run more takes of memory, to the end: three numbers while measuring goes on, their objects afterwards."""
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for rounds in FEW, MANY:
            limits = ",".join(map(str, range(1, CELLS + 1)))
            kept = ("--resume", Path(folder) / f"{rounds}.runs")
            asked = ("-P", f"limit={limits}", "--hold", "0", "-w", "0", "-r", rounds, "--no-instrumented", *kept)
            peaks.append(run(asyncdemo("bench", "semaphore", *map(str, asked))).memory)
    each = (peaks[1] - peaks[0]) / (CELLS * (MANY - FEW))
    yield Figure(f"memory of a run more in a sweep of {CELLS:,}", each, 500, "bytes", f"{peaks[1] / 1e6:.0f} MB in all")
