"""`make bench`: what recording and drawing cost, measured in turns and shown as ratios against goals.

Usage: python -m tests.bench [--only ROW]... [--runs N]

Nothing here is a test: the machine's speed cancels out of a ratio, its noise does not. Ends with exit code 1 when a
goal is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator

from tests.bench import checking, honesty, outside, page, recording, replaying, screen, starting
from tests.bench.figure import Figure

# What weighs memory comes before what makes this process large: the peak of a child begins at that of its parent.
ROWS: dict[str, Callable[[int], Iterator[Figure]]] = {
    "switches": recording.switches,
    "handover": recording.handover,
    "fetches": recording.fetches,
    "saved": recording.saved,
    "memory": recording.memory,
    "sweep": outside.sweep,
    "real": screen.real_time,
    "virtual": starting.virtual_time,
    "start": starting.start_up,
    "imports": starting.imports,
    "frame": screen.frames,
    "live": screen.live,
    "drawn": screen.fetches,
    "files": replaying.files,
    "exports": replaying.exports,
    "page": page.page,
    "pager": replaying.pager,
    "honesty": honesty.honesty,
    "power": honesty.power,
    "harness": honesty.harness,
    "hyperfine": outside.hyperfine,
    "uvloop": outside.uvloop,
    "check": checking.checking,
}


def show(rows: list[str], runs: int) -> bool:
    """Print the table, a row as soon as it is known; whether every goal was met."""
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load not known"
    print(
        f"{sys.implementation.name} {platform.python_version()}, {os.cpu_count()} CPUs, {load}, {runs} runs in turns\n"
    )
    met = True
    for name in rows:
        try:
            for figure in ROWS[name](runs):
                print(figure.row(), flush=True)
                met = met and figure.met
        except RuntimeError as error:
            print(f"{name}: could not be measured: {error}", flush=True)
            met = False
    return met


def main() -> int:
    """Measure the rows that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Ratios against goals.")
    parser.add_argument("--only", action="append", choices=ROWS, metavar="ROW", help=f"one of {', '.join(ROWS)}")
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="rounds to take the middle of; default 7")
    chosen = parser.parse_args()
    return 0 if show(chosen.only or list(ROWS), chosen.runs) else 1


if __name__ == "__main__":
    sys.exit(main())
