"""What the formats for machines say alike."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any

from asyncdemo import timeline
from asyncdemo.exporters import SCHEMA, Run
from asyncdemo.trace import Trace


def head(run: Run) -> dict[str, Any]:
    """What the run is."""
    return {
        "schema": SCHEMA,
        "version": run.version,
        "command": run.command,
        "params": dict(run.params),
        "env": dict(run.env),
        "observer": run.observer,
        "left_out": list(run.left_out),
    }


def result(trace: Trace, run: Run) -> dict[str, Any]:
    """What came of it; tasks that only start others and wait for them are not counted."""
    figures = timeline.summary(trace)
    return {
        "outcome": run.outcome,
        "wall_ns": figures.wall_ns,
        "ideal_ns": run.ideal_ns,
        "exit_code": run.exit_code,
        "tasks": {
            "ok": figures.ok,
            "failed": figures.failed,
            "cancelled": figures.cancelled,
            "destroyed": figures.destroyed,
            "pending": figures.pending,
        },
        "peak_tasks": figures.peak_tasks,
        "steps": figures.steps,
        "loop_late_p99_ns": figures.loop_late_p99_ns,
    }


def text(value: Mapping[str, Any]) -> str:
    """One line of JSON, in ASCII so that it can go anywhere; what is no JSON value becomes its `repr`."""
    return dumps(value, default=repr)
