"""Whether `compare` and `bench` can be trusted: equals told apart, differences missed, and the harness itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from statistics import median

from asyncdemo import compare
from asyncdemo.compare import Cell, Plan, Sample
from asyncdemo.run import measure
from asyncdemo.subjects import Subject
from tests.bench.figure import Figure
from tests.bench.workloads import sums

MODULE = "tests.bench.workloads.sums"
COMPARISONS, COMPARED_RUNS, COMPARED_S = 100, 10, 0.005
PAIRS, PAIR_RUNS, PAIR_S, SLOWER = 10, 30, 0.05, 1.05
EMPTY_RUNS = 1000


def turns_of(seconds: float) -> int:
    """How many turns of the sum take so long here."""
    turns, tried = 100_000, []
    for _ in range(15):
        start = time.perf_counter()
        asyncio.run(sums.main(turns))
        tried.append(time.perf_counter() - start)
    return round(turns * seconds / min(tried))


def measured(first: int, second: int, runs: int, seed: int) -> list[Sample]:
    """Two jobs of so many turns, in turns with each other."""
    cells = [Cell(Subject("sums"), {"turns": turns}) for turns in (first, second)]
    return compare.run(cells, lambda cell: measure(MODULE, cell.params), Plan.exactly(runs, seed))


def honesty(_runs: int) -> Iterator[Figure]:
    """How often a job is said to be faster or slower than itself."""
    turns, found = turns_of(COMPARED_S), 0
    for seed in range(COMPARISONS):
        one, other = measured(turns, turns, COMPARED_RUNS, seed)
        found += compare.ratio(one.wall_ns, other.wall_ns).different is True
    note = f"of {COMPARISONS} comparisons of {COMPARED_RUNS} runs each of {COMPARED_S * 1e3:.0f} ms"
    yield Figure("a job told apart from itself", found, 5, "times", note)


def power(_runs: int) -> Iterator[Figure]:
    """How often a true difference of 5 % is not found."""
    turns, missed, ratios, on_cpu = turns_of(PAIR_S), 0, [], []
    for seed in range(PAIRS):
        slow, fast = measured(round(turns * SLOWER), turns, PAIR_RUNS, seed)
        ratio = compare.ratio(slow.wall_ns, fast.wall_ns)
        missed += not (ratio.different and ratio.times > 1)
        ratios.append(ratio.times)
        on_cpu.append(sum(slow.cpu_ns + fast.cpu_ns) / sum(slow.wall_ns + fast.wall_ns))
    # Runs that had to wait for a processor tell of the machine's other work, not of the method.
    note = f"of {PAIRS} of {PAIR_RUNS} runs of {PAIR_S * 1e3:.0f} ms, {median(ratios):.3f}x, {min(on_cpu):.0%} on a CPU"
    yield Figure("a difference of 5 % missed", missed, 1, "times", note)


def harness(_runs: int) -> Iterator[Figure]:
    """What the harness adds to the time of an empty coroutine, and what a run of one costs in all."""
    inside, bare = [], []
    for _ in range(EMPTY_RUNS):
        inside.append(measure(MODULE, {}).wall_ns)
        start = time.perf_counter_ns()
        with asyncio.Runner() as runner:
            runner.run(sums.main())
        bare.append(time.perf_counter_ns() - start)
    added = (median(inside) - median(bare)) / 1000
    note = f"a fresh loop takes {median(bare) / 1000:.0f} us by itself"
    yield Figure("the harness in the time of an empty coroutine", added, 50, "us", note)
    start = time.perf_counter_ns()
    (sample,) = compare.run([Cell(Subject("sums"))], lambda _: measure(MODULE, {}), Plan.exactly(EMPTY_RUNS))
    around = (time.perf_counter_ns() - start - sum(sample.wall_ns)) / EMPTY_RUNS / 1000
    yield Figure("the harness around it, with collecting garbage", around, None, "us")
