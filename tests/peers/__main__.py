"""`make bench-peers`: asyncdemo, viztracer and asyncviz on the same programs, in turns, in one environment.

Usage: python -m tests.peers [--runs N] [--tasks N] [--only WORKLOAD]

What a tool adds to a program is the time that its loop takes beyond what it takes under Python alone. asyncdemo may add
a third of what either of the others adds, and has to keep every task and every step, as the program counts them itself.
Ends with exit code 1 when it does not.
"""

from __future__ import annotations

import argparse
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median

from tests.bench.figure import Figure
from tests.bench.measure import ENVIRONMENT, PROJECT, Command, Samples
from tests.bench.recording import TASKS, WORKLOADS
from tests.peers import environment

MOST = 1 / 3
COUNTS = """
import sys
from asyncdemo import load
trace = load(sys.argv[1])
print(len(trace.tasks), sum(trace.tasks.steps), len(trace.steps))
"""


def commands(programs: Path, folder: Path, workload: tuple[str, ...]) -> Mapping[str, Callable[[], Command]]:
    """The ways to run a workload."""
    python, trace = str(programs / "python"), str(folder / "a.trace")
    ours = (str(programs / "asyncdemo"), "run", "--format", "quiet", "--save", trace, "--force")
    viztracer = (str(programs / "viztracer"), "--log_async", "-o", str(folder / "viztracer.json"))
    asyncviz = (str(programs / "asyncviz"), "record", "--browser", "never", "-o", str(folder / "asyncviz"))
    return {
        "plain": lambda: Command((python, *workload)),
        "asyncdemo": lambda: Command((*ours, *workload)),
        "viztracer": lambda: Command((*viztracer, *workload)),
        "asyncviz": lambda: Command((*asyncviz, "--port", str(_free_port()), *workload)),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def compared(programs: Path, workload: tuple[str, ...], runs: int) -> Iterator[Figure]:
    """What each tool adds to a workload, how ours compares, and whether it kept everything."""
    name = Path(workload[0]).stem
    with tempfile.TemporaryDirectory() as folder:
        ways = commands(programs, Path(folder), workload)
        samples = Samples({way: make() for way, make in ways.items()}, runs)
        kept = _kept(programs, Path(folder))
    plain = median(samples.all("plain", "loop"))
    added = {way: samples.ratio(way, "plain", "loop") - 1 for way in ways if way != "plain"}
    for way, ratio in added.items():
        note = f"{ratio + 1:.1f}x as long; whole process {samples.ratio(way, 'plain', 'wall'):.1f}x"
        yield Figure(f"{name}, added by {way}", ratio * plain, None, "s", note)
    for peer in environment.PEERS:
        yield Figure(f"{name}, added by asyncdemo against {peer}", added["asyncdemo"] / added[peer], MOST)
    yield from _completeness(name, kept, _counted(programs, workload))


def _kept(programs: Path, folder: Path) -> list[int]:
    """Tasks, steps that they ran, and steps that are kept, in the last recording of ours."""
    command = [str(programs / "python"), "-c", COUNTS, str(folder / "a.trace")]
    done = subprocess.run(command, capture_output=True, check=True, env=ENVIRONMENT, text=True)
    return [int(each) for each in done.stdout.split()]


def _counted(programs: Path, workload: tuple[str, ...]) -> list[int]:
    """Tasks and steps as the program counts them itself."""
    command = [str(programs / "python"), "-m", "tests.peers.counting", *workload]
    done = subprocess.run(command, capture_output=True, check=True, cwd=PROJECT, env=ENVIRONMENT, text=True)
    found = re.search(r"(\d+) tasks, (\d+) steps", done.stdout)
    if found is None:
        raise RuntimeError(f"{workload[0]} did not count: {done.stdout[-200:]}")
    return [int(each) for each in found.groups()]


def _completeness(name: str, kept: list[int], counted: list[int]) -> Iterator[Figure]:
    tasks, ran, steps = kept
    yield Figure(
        f"{name}, tasks that asyncdemo missed", counted[0] - tasks, 0, "", f"of {counted[0]:,}, as the program counts"
    )
    missed = max(counted[1] - ran, counted[1] - steps, key=abs)
    yield Figure(
        f"{name}, steps that asyncdemo missed", abs(missed), 0, "", f"of {counted[1]:,}, as the program counts"
    )


def main() -> int:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers", description="What recording adds, next to others.")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="rounds to take the middle of; default 3")
    parser.add_argument("--tasks", type=int, default=TASKS, metavar="N", help="of the switches, in thousands of tasks")
    parser.add_argument("--only", choices=("switches", "handover"), help="one of the workloads")
    chosen = parser.parse_args()
    workloads = {
        "switches": (str(WORKLOADS / "switches.py"), "asyncio", str(chosen.tasks)),
        "handover": (str(WORKLOADS / "handover.py"), "asyncio"),
    }
    try:
        programs, met = environment.make(Path(sys.prefix, "peers")), True
        for name in [chosen.only] if chosen.only else workloads:
            for figure in compared(programs, workloads[name], chosen.runs):
                print(figure.row(), flush=True)
                met = met and figure.met
    except RuntimeError as error:
        print(f"could not be measured: {error}", file=sys.stderr)
        return 1
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
