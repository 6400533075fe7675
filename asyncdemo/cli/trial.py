"""The tour off a terminal: every concept runs, in virtual time where it can, and has a row that says how it went."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter

from asyncdemo import timeline
from asyncdemo.catalog.concept import Concept
from asyncdemo.cli import concept_options
from asyncdemo.cli.concept import recorded
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import TIMED_OUT, UNAVAILABLE, AsyncdemoError
from asyncdemo.quantities import format_duration
from asyncdemo.recorder import RealClock, VirtualClock
from asyncdemo.run.exits import INTERRUPTED, abandon_threads
from asyncdemo.views.units import counted

_PATIENCE_S = 120.0
_FASTER = 0.1
"""Where real time has to pass, a tenth of it will do to see whether a concept works."""

_LEGEND = "exact: the ideal, in virtual time. +: and what no formula knows."
_COLUMNS = ("outcome", "tasks", "wall", "ideal", "verdict")
_WIDTHS = (8, 27, 8, 8, 0)


@dataclass(frozen=True, slots=True)
class _Trial:
    """How one concept's run went.

    Attributes:
        code: 0, or the exit code that it would have had.
        error: what went wrong, or "".
        tasks: how its tasks ended.
        wall_ns: how long it took, or None when it did not run.
        ideal_ns: how long it takes at best, or None.
        more: whether something comes on top of the ideal that no formula knows.
        virtual: whether it ran in virtual time, where it has to take its ideal time exactly.
    """

    code: int
    error: str = ""
    tasks: str = ""
    wall_ns: int | None = None
    ideal_ns: int | None = None
    more: bool = False
    virtual: bool = False

    @property
    def fault(self) -> str:
        """Why it failed, if it did."""
        misses = self.ideal_ns not in {None, self.wall_ns}
        if not self.error and self.virtual and misses and not self.more:
            return f"it took {self.wall_ns} ns of virtual time and not its ideal time, {self.ideal_ns} ns"
        return self.error or (f"exit code {self.code}" if self.code else "")

    @property
    def outcome(self) -> str:
        """One word or two."""
        if self.code == UNAVAILABLE:
            return "not here"
        return "FAILED" if self.fault else "ok"

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in its row."""
        wall, ideal = ("-" if each is None else format_duration(each) for each in (self.wall_ns, self.ideal_ns))
        return (self.outcome, self.tasks, wall, f"{ideal} +" if self.more else ideal, self._verdict)

    @property
    def _verdict(self) -> str:
        if not self.ideal_ns or self.wall_ns is None:
            return ""
        if self.virtual and self.wall_ns == self.ideal_ns:
            return "exact"
        return "" if self.more else f"{self.wall_ns / self.ideal_ns:.2f}x"


def try_all(stops: Sequence[Concept], options: RunOptions) -> int:
    """Runs every concept of `stops` and prints a table; returns the exit code, 1 if any failed."""
    margin = max((len(each.name) for each in stops), default=0)
    print(_row("concept", _COLUMNS, margin))
    began, trials = perf_counter(), []
    for concept in stops:
        trial = _tried(concept, options)
        trials.append(trial)
        print(_row(concept.name, trial.cells, margin), flush=True)
        if trial.fault:
            print(f"asyncdemo: {concept.name}: {trial.fault}", file=sys.stderr)
        if trial.code == INTERRUPTED:
            break
    print(f"\n{_counted(trials)}, in {perf_counter() - began:.1f} s.\n{_LEGEND}")
    code = _exit_code(trials)
    if any(each.code in {INTERRUPTED, TIMED_OUT} for each in trials):
        abandon_threads(code)
    return code


def _tried(concept: Concept, options: RunOptions) -> _Trial:
    virtual = options.loop != "uvloop" and not concept.real_only
    scale = _FASTER if options.scale is None and not virtual else options.scale
    params = concept_options.at_scale(concept, scale)
    try:
        result, fault = recorded(
            concept,
            params,
            VirtualClock() if virtual else RealClock(),
            options.loop or "asyncio",
            seed=1,
            title=concept.name,
            timeout_s=options.timeout or _PATIENCE_S,
        )
    except AsyncdemoError as refusal:
        return _Trial(refusal.exit_code, refusal.message)
    figures, ideal_s = timeline.summary(result.trace), concept.ideal_s(params)
    return _Trial(
        result.exit_code,
        (result.error or "").strip() or fault or "",
        _ended(figures),
        figures.wall_ns,
        None if ideal_s is None else round(ideal_s * 1e9),
        more=bool(concept.ideal_more),
        virtual=virtual,
    )


def _ended(figures: timeline.Summary) -> str:
    numbers = {
        "ok": figures.ok,
        "failed": figures.failed,
        "cancelled": figures.cancelled,
        "destroyed": figures.destroyed,
        "pending": figures.pending,
    }
    return ", ".join(f"{number} {word}" for word, number in numbers.items() if number)


def _row(name: str, cells: Iterable[str], margin: int) -> str:
    padded = (f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))
    return " ".join([f"{name:<{margin}}", *padded]).rstrip()


def _counted(trials: Sequence[_Trial]) -> str:
    outcomes = [each.outcome for each in trials]
    said = [f"{outcomes.count(each)} {each}" for each in ("ok", "FAILED", "not here") if each in outcomes]
    return f"{counted(len(trials), 'concept')}: {', '.join(said) or 'none'}"


def _exit_code(trials: Sequence[_Trial]) -> int:
    if any(each.code == INTERRUPTED for each in trials):
        return INTERRUPTED
    return int(any(each.outcome == "FAILED" for each in trials))
