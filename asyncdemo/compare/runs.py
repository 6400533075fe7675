"""Measuring cells: warmed up, interleaved, in random order, as often as a plan says."""

from __future__ import annotations

import gc
import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Any, Protocol

from asyncdemo.compare.cells import Cell
from asyncdemo.compare.statistics import precision
from asyncdemo.subjects import Subject

ENOUGH = 10
"""Runs before a stated precision may end the measuring: fewer say too little about how far they spread."""


class Measured(Protocol):
    """What measuring one run of a cell gives."""

    @property
    def wall_ns(self) -> int:
        """How long the run took, in nanoseconds."""

    @property
    def cpu_ns(self) -> int:
        """How much processor time it took, in nanoseconds."""

    @property
    def system_ns(self) -> int:
        """How much of the processor time was spent in the kernel, in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How often to run.

    Attributes:
        runs: the most runs of each cell, at least 1.
        least: how many to do however long they take, at least 1.
        budget_s: seconds after which no further round begins, once `least` rounds are done.
        warmups: runs of each cell before the first that counts.
        seed: decides the order of the cells in each round; the same seed, the same orders.
        precision: how well each median is to be known, as a share of it; when all are, it is enough. None for as many
            runs as `runs` and the budget allow.
    """

    runs: int = 10
    least: int = 3
    budget_s: float = 10.0
    warmups: int = 1
    seed: int | None = None
    precision: float | None = None

    @classmethod
    def exactly(cls, runs: int, seed: int | None = None) -> Plan:
        """As many runs as were asked for, however long they take."""
        return cls(runs=runs, least=runs, seed=seed)


VIRTUAL = Plan(runs=1, least=1, warmups=0)
"""In virtual time every run takes the same: one says it all."""


class Series:
    """The runs of one cell so far, packed; the n-th of every cell were made in the same round."""

    __slots__ = ("cpu_ns", "system_ns", "wall_ns")

    def __init__(self) -> None:
        self.wall_ns, self.cpu_ns, self.system_ns = array("q"), array("q"), array("q")

    def __len__(self) -> int:
        return len(self.wall_ns)

    def add(self, measured: Measured) -> None:
        """Append a run."""
        self.wall_ns.append(measured.wall_ns)
        self.cpu_ns.append(measured.cpu_ns)
        self.system_ns.append(measured.system_ns)


@dataclass(frozen=True, slots=True)
class Sample:
    """The runs of one cell that count, in the order in which they were made; times in nanoseconds.

    `machine` is what they were made on, where that was not this machine in turns with all others.
    """

    cell: Cell
    wall_ns: tuple[int, ...]
    cpu_ns: tuple[int, ...]
    system_ns: tuple[int, ...] = ()
    machine: Mapping[str, Any] | None = None

    @property
    def subject(self) -> Subject:
        """What was run."""
        return self.cell.subject


def samples(
    cells: Sequence[Cell], series: Sequence[Series], machines: Mapping[int, Mapping[str, Any]] | None = None
) -> list[Sample]:
    """What has been measured of those cells that have runs; `machines` has the machine of a cell by its index."""
    machines = machines or {}
    return [
        Sample(cell, tuple(each.wall_ns), tuple(each.cpu_ns), tuple(each.system_ns), machines.get(index))
        for index, (cell, each) in enumerate(zip(cells, series, strict=True))
        if len(each)
    ]


def run(
    cells: Sequence[Cell],
    measure: Callable[[Cell], Measured],
    plan: Plan | None = None,
    *,
    series: Sequence[Series] | None = None,
    keep: Callable[[int, Measured], object] = lambda _index, _measured: None,
    progress: Callable[[int, int], object] = lambda _done, _runs: None,
    seconds: Callable[[], float] = time.monotonic,
) -> list[Sample]:
    """Measures every cell once a round, each round in a new random order, so that none has the quiet moments.

    Args:
        cells: at least one.
        measure: runs a cell once in a fresh loop, with no recorder and no view; what it raises ends the measuring.
        plan: how often; by default ten times within ten seconds and at least three times.
        series: what was measured before, a series each, and what more is added to; a round that was cut off is
            completed first.
        keep: told of every run as soon as it was made: the cell's index and the figures.
        progress: told after each round how many of how many are done.
        seconds: the time, for the budget.
    """
    plan = plan or Plan()
    series = [Series() for _ in cells] if series is None else series
    seed = SystemRandom().random() if plan.seed is None else plan.seed
    pace = _Pace(plan, series, seconds)
    if pace.goes_on():
        for _ in range(plan.warmups):
            for cell in cells:
                measure(cell)
    with _own_objects_left_alone():
        pace.start()
        while pace.goes_on():
            done = pace.rounds
            for index in _order(len(cells), seed, done):
                if len(series[index]) == done:
                    measured = _measure_cleanly(measure, cells[index])
                    series[index].add(measured)
                    keep(index, measured)
            progress(pace.rounds, plan.runs)
    return samples(cells, series)


class _Pace:
    """Whether to go on."""

    def __init__(self, plan: Plan, series: Sequence[Series], seconds: Callable[[], float]) -> None:
        self._plan = plan
        self._series = series
        self._seconds = seconds
        self._before_s = sum(sum(each.wall_ns) for each in series) / 1e9
        self.start()

    @property
    def rounds(self) -> int:
        return min(map(len, self._series))

    def start(self) -> None:
        self._started_s = self._seconds()

    def goes_on(self) -> bool:
        """Whether to make another round: one as long as those before must still fit the budget."""
        plan, rounds = self._plan, self.rounds
        if rounds < plan.least:
            return True
        if rounds >= plan.runs or self._is_precise(rounds):
            return False
        spent_s = self._before_s + self._seconds() - self._started_s
        return spent_s * (1 + 1 / rounds) <= plan.budget_s

    def _is_precise(self, rounds: int) -> bool:
        wanted = self._plan.precision
        # Looking needs all runs in order, so with many of them it is done after every tenth of them.
        if wanted is None or rounds < ENOUGH or rounds % max(1, rounds // 10):
            return False
        return all((precision(each.wall_ns) or 0) <= wanted for each in self._series)


def _order(cells: int, seed: float, done: int) -> list[int]:
    """The order of a round, which depends on nothing but the seed and the number of the round."""
    return Random(f"{seed} {done}").sample(range(cells), cells)  # noqa: S311 - an order, not a secret


def _measure_cleanly(measure: Callable[[Cell], Measured], cell: Cell) -> Measured:
    """One run that does not have to collect what the one before left behind."""
    gc.collect()
    return measure(cell)


@contextmanager
def _own_objects_left_alone() -> Iterator[None]:
    """Keeps the collector from walking through asyncdemo's objects, which a program by itself has not."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
