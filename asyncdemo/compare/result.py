"""What a comparison found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median
from typing import Any

from asyncdemo.compare.cells import Cell
from asyncdemo.compare.runs import Sample
from asyncdemo.compare.statistics import Ratio, outliers, precision, ratio, spread
from asyncdemo.subjects import Subject
from asyncdemo.trace import Trace


@dataclass(frozen=True, slots=True)
class Picture:
    """One instrumented run of a subject: what was recorded, and how long that run took in nanoseconds."""

    trace: Trace
    wall_ns: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What only extra runs can tell, for it cannot be had without disturbing the times.

    Attributes:
        wall_ns: how long the run under the recorder took.
        steps: how many steps its tasks ran.
        peak_tasks: most tasks in existence at once.
        loop_late_p50_ns: half of the steps started at most so long after they were ready.
        loop_late_p99_ns: 99 of 100 steps started at most so long after they were ready.
        peak_memory_bytes: how far Python's memory grew in one more run, under tracemalloc; None when there was none.
    """

    wall_ns: int
    steps: int
    peak_tasks: int
    loop_late_p50_ns: int
    loop_late_p99_ns: int
    peak_memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One cell's figures.

    Attributes:
        cell: what was run.
        wall_ns: nanoseconds of each run, in the order in which they were made.
        cpu_ns: processor nanoseconds of each run.
        median_ns: the median of `wall_ns`.
        sigma_ns: their standard deviation, or None for a single run.
        ratio: how many times faster than the first subject it is.
        outliers_ns: runs that something else must have disturbed.
        system_ns: nanoseconds of the kernel in each run, or nothing where they were not measured.
        precision: how well the median is known, as a share of it, or None from few runs.
        machine: what it was measured on, where that was not this machine in turns with all others.
        picture: its instrumented run, or None.
        watched: what extra runs told, or None.
    """

    cell: Cell
    wall_ns: tuple[int, ...]
    cpu_ns: tuple[int, ...]
    median_ns: float
    sigma_ns: float | None
    ratio: Ratio
    outliers_ns: tuple[float, ...]
    system_ns: tuple[int, ...] = ()
    precision: float | None = None
    machine: Mapping[str, Any] | None = None
    picture: Picture | None = None
    watched: Watched | None = None

    @property
    def subject(self) -> Subject:
        """What was run."""
        return self.cell.subject

    @property
    def instrumented_ns(self) -> int | None:
        """How long the instrumented run took, or None when there is none."""
        seen = self.picture or self.watched
        return seen.wall_ns if seen else None

    @property
    def overhead(self) -> float | None:
        """How much longer the instrumented run took than the median, as a share of it; None when there is none."""
        if self.instrumented_ns is None or not self.median_ns:
            return None
        return self.instrumented_ns / self.median_ns - 1

    @property
    def over_ideal(self) -> float | None:
        """How much longer than the ideal the median is, as a share of it; None when there is no ideal."""
        return self.median_ns / self.cell.ideal_ns - 1 if self.cell.ideal_ns else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one subject compares with another that was run along with it, or before."""

    subject: Subject
    baseline: Subject
    ratio: Ratio


FEW = 8
"""Up to so many subjects every pair is looked at; of more, each beside the first."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found.

    Attributes:
        standings: one a subject, in the order given; the first is the baseline.
        exact: whether the times are virtual: exact, without any spread.
        seed: what decided the order of the runs, or None when it was left to chance.
        meta: what the comparison is about, in values that JSON can hold: `version`, `command`, `env`.
    """

    standings: tuple[Standing, ...]
    exact: bool = False
    seed: int | None = None
    meta: Mapping[str, object] = field(default_factory=dict)

    @property
    def apart(self) -> bool:
        """Whether each was measured by itself on some machine, and not all of them in turns on one."""
        return any(standing.machine for standing in self.standings)

    @property
    def runs(self) -> int:
        """How many runs of each subject count: of the one with the fewest, where measuring was cut off."""
        return min(len(standing.wall_ns) for standing in self.standings)

    def verdicts(self) -> list[Verdict]:
        """Pairs of subjects: how many times faster than the earlier one the later one is."""
        first, *others = self.standings
        beside_first = [Verdict(other.subject, first.subject, other.ratio) for other in others]
        if len(self.standings) > FEW:
            return beside_first
        return beside_first + [
            Verdict(other.subject, one.subject, ratio(one.wall_ns, other.wall_ns, paired=not self.apart))
            for one, other in combinations(others, 2)
        ]


def compared(
    samples: Sequence[Sample],
    pictures: Sequence[Picture | None] = (),
    *,
    watched: Sequence[Watched | None] = (),
    exact: bool = False,
    seed: int | None = None,
    meta: Mapping[str, object] | None = None,
) -> Comparison:
    """The comparison of `samples`, the first being the baseline.

    Args:
        samples: what was measured, with equally many runs each unless they were made on several machines.
        pictures: the instrumented run of each subject, in the same order, or nothing at all.
        watched: what extra runs of each subject told, in the same order, or nothing at all.
        exact: whether the times are virtual.
        seed: what decided the order of the runs.
        meta: see `Comparison`.
    """
    baseline = samples[0].wall_ns
    missing = len(samples)
    seen = zip(
        [*pictures, *[None] * (missing - len(pictures))], [*watched, *[None] * (missing - len(watched))], strict=True
    )
    standings = tuple(_standing(sample, baseline, *each) for sample, each in zip(samples, seen, strict=True))
    return Comparison(standings, exact, seed, meta or {})


def _standing(sample: Sample, baseline: tuple[int, ...], picture: Picture | None, watched: Watched | None) -> Standing:
    return Standing(
        cell=sample.cell,
        wall_ns=sample.wall_ns,
        cpu_ns=sample.cpu_ns,
        median_ns=median(sample.wall_ns),
        sigma_ns=spread(sample.wall_ns),
        ratio=Ratio(1.0) if sample.wall_ns is baseline else ratio(baseline, sample.wall_ns, paired=not sample.machine),
        outliers_ns=outliers(sample.wall_ns),
        system_ns=sample.system_ns,
        precision=precision(sample.wall_ns),
        machine=sample.machine,
        picture=picture,
        watched=watched,
    )
