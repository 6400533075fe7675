"""The figures that files of results have in common."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from asyncdemo.compare.result import Standing


def figures(standing: Standing) -> dict[str, Any]:
    """What was run and how long it took, in seconds, under the names that hyperfine has for them."""
    system = standing.system_ns or (0,)
    return {
        "command": str(standing.subject),
        "mean": fmean(standing.wall_ns) / 1e9,
        "stddev": None if standing.sigma_ns is None else standing.sigma_ns / 1e9,
        "median": standing.median_ns / 1e9,
        "user": max(0.0, fmean(standing.cpu_ns) - fmean(system)) / 1e9,
        "system": fmean(system) / 1e9,
        "min": min(standing.wall_ns) / 1e9,
        "max": max(standing.wall_ns) / 1e9,
    }
