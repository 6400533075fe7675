"""What starting costs: the list, the version, virtual time, and what is imported on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.figure import Figure
from tests.bench.measure import ENVIRONMENT, Samples, asyncdemo, python
from tests.bench.recording import WORKLOADS

HEAVY = ("aiohttp", "uvloop", "rich.live")


def start_up(runs: int) -> Iterator[Figure]:
    """`asyncdemo list` against the smallest Typer app, and `--version` against an interpreter that does nothing."""
    samples = Samples(
        {
            "bare": python(WORKLOADS / "bare.py"),
            "list": asyncdemo("list"),
            "pass": python("-c", "pass"),
            "version": asyncdemo("--version"),
            "-m version": python("-m", "asyncdemo", "--version"),
        },
        runs * 3,
    )
    typer = f"{samples.median('list', 'cpu') * 1e3:.0f} ms, bare Typer {samples.median('bare', 'cpu') * 1e3:.0f} ms"
    yield Figure("asyncdemo list, CPU of a bare Typer app", samples.ratio("list", "bare", "cpu"), 1.35, note=typer)
    for name, what in ("version", "asyncdemo"), ("-m version", "python -m asyncdemo"):
        note = f"wall {samples.ratio(name, 'pass', 'wall'):.2f}x"
        yield Figure(f"{what} --version, CPU of python -c pass", samples.ratio(name, "pass", "cpu"), 2, note=note)


def imports(_runs: int) -> Iterator[Figure]:
    """How many of the heavy libraries the list and the version import."""
    for command in "list", "--version":
        report = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "asyncdemo", command],
            capture_output=True,
            check=True,
            env=ENVIRONMENT,
            text=True,
        ).stderr
        modules = {line.rpartition("|")[2].strip() for line in report.splitlines()}
        found = [name for name in HEAVY if name in modules]
        note = ", ".join(found) or f"none of {', '.join(HEAVY)}"
        yield Figure(f"heavy imports of asyncdemo {command}", len(found), 0, "", f"{note}; {len(modules)} in all")


def virtual_time(runs: int) -> Iterator[Figure]:
    """Four seconds of demonstration in virtual time: exact, and done in no time."""
    command = asyncdemo("semaphore", "--clock", "virtual", "--json")
    text = subprocess.run(command.args, capture_output=True, check=True, env=ENVIRONMENT, text=True).stdout
    off = abs(json.loads(text)["result"]["wall_ns"] - 4_000_000_000)
    yield Figure("semaphore in virtual time, off its 4.000 s by", off, 0, "ns")
    samples = Samples({"virtual": command, "list": asyncdemo("list")}, runs)
    yield Figure("the same, wall time of asyncdemo list", samples.ratio("virtual", "list", "wall"), 3)
