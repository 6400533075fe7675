"""In hyperfine's schema, with asyncdemo's own beside it.

Keys as in hyperfine's `--export-json`: times in seconds, `parameters` as text.
"""

from __future__ import annotations

from json import dumps
from typing import Any

from asyncdemo.compare.figures import figures
from asyncdemo.compare.result import Comparison, Standing


def export(comparison: Comparison) -> str:
    """The text of the file."""
    about = {
        "schema": "asyncdemo-export/1",
        **comparison.meta,
        "seed": comparison.seed,
        "subjects": [{**standing.cell.described(), **_own(standing)} for standing in comparison.standings],
    }
    return dumps({"results": [_result(each) for each in comparison.standings], "asyncdemo": about}, indent=2) + "\n"


def _own(standing: Standing) -> dict[str, Any]:
    return {
        "subject": str(standing.subject),
        "loop": standing.subject.loop,
        "runs_on": standing.cell.loop,
        "machine": standing.machine,
        "ideal": None if standing.cell.ideal_ns is None else standing.cell.ideal_ns / 1e9,
    }


def _result(standing: Standing) -> dict[str, Any]:
    return {
        **figures(standing),
        "times": [wall / 1e9 for wall in standing.wall_ns],
        "exit_codes": [0] * len(standing.wall_ns),
        "parameters": {name: str(value) for name, value in standing.subject.shown.items()},
    }
