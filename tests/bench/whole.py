"""Make sure that a saved trace holds a whole recording.

Usage: python -m tests.bench.whole TRACE

A process of its own: one that has loaded a large trace passes its size on to the peaks of the children that it
measures.
"""

from __future__ import annotations

import sys

from asyncdemo import load

BY_DESIGN = "lines of waits"
"""In a program that waits very often only some waits are looked into."""

if __name__ == "__main__":
    trace = load(sys.argv[1])
    lost = {what: number for what, number in trace.lost.items() if what != BY_DESIGN}
    if lost or not len(trace.tasks):
        sys.exit(f"{len(trace.tasks)} tasks recorded, lost: {lost}")
