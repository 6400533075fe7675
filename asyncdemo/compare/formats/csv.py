"""A table for spreadsheets, times in seconds.

hyperfine's columns, then asyncdemo's.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from asyncdemo.compare.figures import figures
from asyncdemo.compare.machine import described
from asyncdemo.compare.result import Comparison, Standing


def export(comparison: Comparison) -> str:
    """The text of the file; a column for every option that any subject was given."""
    options = list(dict.fromkeys(name for each in comparison.standings for name in each.subject.options))
    rows = [{**_row(each), **_parameters(each, options)} for each in comparison.standings]
    out = StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _row(standing: Standing) -> dict[str, Any]:
    ideal, ratio = standing.cell.ideal_ns, standing.ratio
    return {
        **figures(standing),
        "runs": len(standing.wall_ns),
        "loop": standing.cell.loop,
        "ideal": None if ideal is None else ideal / 1e9,
        "times_faster": ratio.times,
        "low": ratio.low,
        "high": ratio.high,
        "machine": described(standing.machine) if standing.machine else "",
    }


def _parameters(standing: Standing, options: list[str]) -> dict[str, str]:
    return {f"parameter_{name}": standing.subject.shown.get(name, "") for name in options}
