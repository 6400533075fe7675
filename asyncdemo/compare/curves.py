"""Curves of a sweep: time against a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor, log, log10
from typing import Any, Self

from asyncdemo.compare.result import Comparison, Standing
from asyncdemo.subjects import Subject

WIDE = 20
"""When the largest value is so many times the smallest, equal distances stand for equal factors."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of the parameter: as it was written, where it lies on the axis (0 to 1), and the times there."""

    text: str
    x: float
    wall_ns: float
    least_ns: float
    most_ns: float
    ideal_ns: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one subject, in the order of their values."""

    title: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """Where values lie between 0 and 1: on a scale of numbers, of factors, or for words one after the other."""

    values: tuple[Any, ...]
    factors: bool

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self:
        """An axis for these values."""
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        ordered = tuple(sorted(set(values)) if numbers else dict.fromkeys(values))
        wide = numbers and ordered[0] > 0 and ordered[-1] >= WIDE * ordered[0]
        return cls(ordered, wide) if numbers else cls(tuple(map(str, ordered)), factors=False)

    def place(self, value: Any) -> float:
        """Where `value` lies."""
        first, last = self.values[0], self.values[-1]
        if isinstance(first, str):
            return self.values.index(str(value)) / max(1, len(self.values) - 1)
        if first == last:
            return 0.5
        return log(value / first) / log(last / first) if self.factors else (value - first) / (last - first)


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep as curves.

    Attributes:
        parameter: what lies on the x axis.
        factors: whether equal distances there stand for equal factors.
        curves: one for each subject, and for each combination of what else was swept.
    """

    parameter: str
    factors: bool
    curves: tuple[Curve, ...]

    @property
    def longest_ns(self) -> float:
        """The longest median or ideal time."""
        return max(max(point.wall_ns, point.ideal_ns or 0) for curve in self.curves for point in curve.points)

    @property
    def most_ns(self) -> float:
        """The longest time of all runs and ideals."""
        return max(max(point.most_ns, point.ideal_ns or 0) for curve in self.curves for point in curve.points)


def curves(comparison: Comparison) -> Sweep | None:
    """The curves of a comparison against the parameter with the most values; None where nothing was swept."""
    values: dict[str, list[Any]] = {}
    for standing in comparison.standings:
        for name, value in standing.cell.swept.items():
            values.setdefault(name, []).append(value)
    parameter = max(values, key=lambda name: len(set(values[name])), default=None)
    if parameter is None or len(set(values[parameter])) < 2:  # noqa: PLR2004 - a curve has two ends
        return None
    axis = Axis.of(values[parameter])
    grouped: dict[str, list[Standing]] = {}
    for standing in comparison.standings:
        if parameter in standing.cell.swept:
            grouped.setdefault(_title(standing.subject, parameter), []).append(standing)
    made = (Curve(title, _points(members, parameter, axis)) for title, members in grouped.items())
    return Sweep(parameter, axis.factors, tuple(made))


def round_up(ns: float) -> float:
    """The next number of which halves and fifths read well."""
    power = 10.0 ** floor(log10(max(ns, 1.0)))
    return next(power * step for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if power * step >= ns)


def _points(standings: Sequence[Standing], parameter: str, axis: Axis) -> tuple[Point, ...]:
    points = [
        Point(
            standing.subject.options[parameter],
            axis.place(standing.cell.swept[parameter]),
            standing.median_ns,
            min(standing.wall_ns),
            max(standing.wall_ns),
            standing.cell.ideal_ns,
        )
        for standing in standings
    ]
    return tuple(sorted(points, key=lambda point: point.x))


def _title(subject: Subject, parameter: str) -> str:
    return replace(subject, options={k: v for k, v in subject.options.items() if k != parameter}).title
