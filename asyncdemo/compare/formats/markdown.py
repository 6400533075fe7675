"""A table for documents."""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.compare.machine import described
from asyncdemo.compare.result import Comparison, Standing

_UNITS = ((1e9, "s"), (1e6, "ms"), (0, "us"))


def export(comparison: Comparison) -> str:
    """The text of the file."""
    return "".join(f"{line}\n" for line in _lines(comparison))


def _lines(comparison: Comparison) -> Iterator[str]:
    if not comparison.standings:
        return
    longest = max(standing.median_ns for standing in comparison.standings)
    ns, unit = next(each for each in _UNITS if longest >= each[0])
    baseline = comparison.standings[0].subject.title.replace("|", "\\|")
    machine = comparison.apart
    yield (
        f"| variant | median [{unit}] | min [{unit}] | max [{unit}] | vs {baseline} | ideal [{unit}] | runs |"
        f"{' machine |' * machine}"
    )
    yield f"|:---|---:|---:|---:|---:|---:|---:|{':---|' * machine}"
    for standing in comparison.standings:
        where = f" {described(standing.machine)} |" if standing.machine else ""
        yield f"| {' | '.join(_cells(standing, ns or 1e3))} |{where}"


def _cells(standing: Standing, unit: float) -> Iterator[str]:
    spread = "" if standing.sigma_ns is None else f" ± {standing.sigma_ns / unit:.2f}"
    ratio, ideal = standing.ratio, standing.cell.ideal_ns
    sure = f" ({ratio.low:.2f} to {ratio.high:.2f})" if ratio.low is not None and ratio.high is not None else ""
    yield f"`{standing.subject}`"
    yield f"{standing.median_ns / unit:.2f}{spread}"
    yield f"{min(standing.wall_ns) / unit:.2f}"
    yield f"{max(standing.wall_ns) / unit:.2f}"
    yield f"{ratio.times:.2f}x{sure}"
    yield "" if ideal is None else f"{ideal / unit:.2f}"
    yield str(len(standing.wall_ns))
