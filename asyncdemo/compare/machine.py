"""What the measuring ran on, without the names of hosts and users."""

from __future__ import annotations

import gc
import os
import platform
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

SAME = ("python", "implementation", "platform", "machine", "cpu", "cpus")
"""What two measurements must agree in for one to be set beside the other without a word."""


def environment() -> dict[str, Any]:
    """Python, the loops, platform, processors, load, the clock's resolution and the collector; as JSON has it."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "uvloop": _version("uvloop"),
        "platform": sys.platform,
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
        "load": [round(each, 2) for each in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "timer_resolution_ns": _resolution_ns(),
        "gc": {"enabled": gc.isenabled(), "thresholds": list(gc.get_threshold())},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What two environments differ in that makes their times another matter, in words."""
    return [
        f"{name} is {one.get(name)} here and {other[name]} there"
        for name in SAME
        if name in other and other[name] != one.get(name)
    ]


def described(machine: Mapping[str, Any]) -> str:
    """What kind of machine it is, in words: those that are alike have the same."""
    return f"{machine['cpus']} x {machine['cpu']}, {machine['implementation']} {machine['python']}, {machine['system']}"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _resolution_ns() -> int:
    """The smallest step in which the clock was seen to move."""
    smallest = 10**9
    for _ in range(100):
        before = now = time.perf_counter_ns()
        while now == before:
            now = time.perf_counter_ns()
        smallest = min(smallest, now - before)
    return smallest
