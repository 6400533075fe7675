"""What `pyperf compare_to` reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from json import dumps
from typing import Any

from asyncdemo.compare.result import Comparison, Standing


def export(comparison: Comparison) -> str:
    """The text of the file; names are told apart by a number where a subject is there twice."""
    env = comparison.meta.get("env")
    seen: Counter[str] = Counter()
    benchmarks = []
    for standing in comparison.standings:
        name = str(standing.subject)
        seen[name] += 1
        benchmarks.append(_benchmark(standing, name if seen[name] == 1 else f"{name} ({seen[name]})"))
    metadata = {"unit": "second", "loops": 1, **_metadata(env if isinstance(env, dict) else {})}
    return dumps({"version": "1.0", "metadata": metadata, "benchmarks": benchmarks}) + "\n"


def _benchmark(standing: Standing, name: str) -> dict[str, Any]:
    # pyperf takes no time of zero, which only virtual time has.
    values = [max(wall, 1) / 1e9 for wall in standing.wall_ns]
    metadata = {"name": name, "event_loop": standing.cell.loop, **_metadata(standing.machine or {})}
    return {"metadata": metadata, "runs": [{"values": values}]}


def _metadata(env: Mapping[str, Any]) -> dict[str, Any]:
    """The environment under pyperf's own names."""
    named = {
        "python_version": env.get("python"),
        "python_implementation": str(env.get("implementation", "")).lower(),
        "platform": env.get("system"),
        "cpu_model_name": env.get("cpu"),
        "cpu_count": env.get("cpus"),
    }
    return {name: value for name, value in named.items() if value}
