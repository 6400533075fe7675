"""A comparison as machines read it."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import Any

from asyncdemo.compare.result import Comparison, Standing, Verdict
from asyncdemo.compare.statistics import CONFIDENCE, Ratio
from asyncdemo.subjects import Subject

SCHEMA = "asyncdemo-compare/1"


def document(comparison: Comparison, schema: str = SCHEMA) -> dict[str, Any]:
    """One object of values that JSON can hold: what was run, every run, the figures and every pair's ratio.

    Times are nanoseconds. `different` is null when one run each leaves nothing to tell from.
    """
    return {
        "schema": schema,
        **comparison.meta,
        "exact": comparison.exact,
        "seed": comparison.seed,
        "confidence": None if comparison.exact else CONFIDENCE,
        "subjects": [_standing(standing) for standing in comparison.standings],
        "ratios": [verdict_document(verdict, exact=comparison.exact) for verdict in comparison.verdicts()],
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        **_subject(standing.subject),
        "params": dict(standing.cell.params),
        "swept": dict(standing.cell.swept),
        "runs_on": standing.cell.loop,
        "machine": standing.machine,
        "median_ns": standing.median_ns,
        "sigma_ns": standing.sigma_ns,
        "min_ns": min(standing.wall_ns),
        "max_ns": max(standing.wall_ns),
        "outliers_ns": list(standing.outliers_ns),
        "precision": standing.precision,
        "ideal_ns": standing.cell.ideal_ns,
        "ideal_more": standing.cell.ideal_more or None,
        "over_ideal": standing.over_ideal,
        "runs": [{"wall_ns": wall, "cpu_ns": cpu} for wall, cpu in zip(standing.wall_ns, standing.cpu_ns, strict=True)],
        "instrumented_ns": standing.instrumented_ns,
        "overhead": standing.overhead,
        "extra_runs": asdict(standing.watched) if standing.watched else None,
    }


def _subject(subject: Subject) -> dict[str, Any]:
    return {"subject": str(subject), "name": subject.name, "options": subject.shown, "loop": subject.loop}


def verdict_document(verdict: Verdict, *, exact: bool = False) -> dict[str, Any]:
    """A pair's ratio."""
    return {
        "subject": str(verdict.subject),
        "baseline": str(verdict.baseline),
        **_ratio(verdict.ratio),
        "different": verdict.ratio.times != 1 if exact else verdict.ratio.different,
    }


def _ratio(ratio: Ratio) -> dict[str, Any]:
    times = ratio.times if isfinite(ratio.times) else None
    return {"times_faster": times, "sigma": ratio.sigma, "low": ratio.low, "high": ratio.high}
