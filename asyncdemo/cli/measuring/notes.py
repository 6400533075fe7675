"""What has to be said of a bench beside its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from asyncdemo import compare
from asyncdemo.cli.measuring.options import Wanted
from asyncdemo.compare.machine import described
from asyncdemo.views.units import counted


def notes(comparison: compare.Comparison, env: Mapping[str, Any], wanted: Wanted) -> list[str]:
    """A sentence each: what is known less well than was asked for, and which figures come of other machines."""
    return [*_imprecise(comparison, wanted), *_machines(comparison, env), *_elsewhere(comparison, env, wanted)]


def _imprecise(comparison: compare.Comparison, wanted: Wanted) -> Iterator[str]:
    """What is known less well than was asked for."""
    goal = wanted.plan.precision
    if goal is None:
        return
    missed = [each for each in comparison.standings if each.precision is None or each.precision > goal]
    if not missed:
        return
    worst = max(missed, key=lambda each: each.precision or float("inf"))
    known = "too few runs" if worst.precision is None else f"to {worst.precision:.1%}"
    told = f"{len(missed)} of {len(comparison.standings)} medians are known less well than to {goal * 100:g}%"
    yield f"{told} ({worst.subject.title}: {known}): --budget gives them more time"


def _machines(comparison: compare.Comparison, env: Mapping[str, Any]) -> Iterator[str]:
    """What is to be thought of rows that a cluster measured."""
    size = env.get("cluster", {})
    if size and size["workers"] > size["machines"]:
        shared = f"{size['workers']} workers shared {counted(size['machines'], 'machine')}"
        yield f"{shared}: what they measured at the same time may have disturbed each other"
    kinds = Counter(described(each.machine) for each in comparison.standings if each.machine)
    if len(kinds) > 1:
        told = "; ".join(f"{counted(rows, 'row')} on {kind}" for kind, rows in kinds.most_common())
        yield f"the rows were measured on different machines, which their ratios do not tell from what ran: {told}"


def _elsewhere(comparison: compare.Comparison, env: Mapping[str, Any], wanted: Wanted) -> Iterator[str]:
    """A warning where the baseline was measured somewhere else."""
    reasons = wanted.baseline.elsewhere(comparison.standings, env) if wanted.baseline else []
    if reasons:
        yield f"the baseline was measured elsewhere: {', '.join(reasons)}"
