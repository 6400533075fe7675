"""The figures of a comparison: a row for each subject."""

from __future__ import annotations

from math import log10
from textwrap import wrap
from typing import TYPE_CHECKING

from asyncdemo.views.canvas import Line, fit, width_of
from asyncdemo.views.glyphs import FAINT, PLAIN, WORKING
from asyncdemo.views.verdicts import shows_ideal, times_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.style import Style

    from asyncdemo.compare import Comparison, Standing
    from asyncdemo.views.glyphs import Glyphs

GAP = 2
LEAST_COLUMNS = 3
LEAST_NAME, LEAST_BAR, LONGEST_BAR = 8, 6, 40
UNITS = ((100_000_000_000, 1_000_000_000, "s"), (100_000, 1_000_000, "ms"), (0, 1_000, "us"))
"""From which longest time on (ns) a table's figures are in a unit, how many ns it has, and its name."""
SIGNIFICANT = 3


class Scale:
    """The unit and the decimals that all figures of a table share: enough to tell the shortest ones apart."""

    def __init__(self, shortest_ns: float, longest_ns: float) -> None:
        _, self._unit_ns, self.unit = next(unit for unit in UNITS if longest_ns >= unit[0])
        whole = 1 + int(log10(shortest_ns / self._unit_ns)) if shortest_ns > self._unit_ns else 1
        self._decimals = max(0, SIGNIFICANT - whole)

    def show(self, ns: float) -> str:
        """The figure without its unit."""
        return f"{ns / self._unit_ns:.{self._decimals}f}"


def table(comparison: Comparison, width: int, glyphs: Glyphs) -> Iterator[Line]:
    """The head, and for each subject its median and spread, how many times faster it is, and a bar of its median."""
    standings = comparison.standings
    longest = max(standing.median_ns for standing in standings)
    scale = Scale(min((standing.median_ns for standing in standings if standing.median_ns), default=0), longest)
    heads, *rows = _named(_fitting(_rows(comparison, scale, glyphs, spread=True), width), standings, width)
    if not _fits([heads, *rows], width):
        heads, *rows = _named(_fitting(_rows(comparison, scale, glyphs, spread=False), width), standings, width)
    sizes = _sizes([heads, *rows], width)
    bars = min(LONGEST_BAR, width - sum(sizes) - GAP * (len(sizes) + 1))
    yield _row(heads, sizes, glyphs, FAINT)
    for standing, row in zip(standings, rows, strict=True):
        line = _row(row, sizes, glyphs)
        if bars >= LEAST_BAR and standing.median_ns:
            share = standing.median_ns / longest
            line.put(" " * GAP).put(glyphs.states[-1] * max(1, round(bars * share)), WORKING)
        yield line


def _rows(comparison: Comparison, scale: Scale, glyphs: Glyphs, *, spread: bool) -> list[tuple[str, ...]]:
    """The texts of a table, the head first; with the spread where there is room for it."""
    standings = comparison.standings
    spread = spread and standings[0].sigma_ns is not None
    middle = f"{'time' if comparison.exact else 'median'}{f' {_plus_minus(glyphs)} {_sigma(glyphs)}' * spread}"
    rows: list[tuple[str, ...]] = [("variant", middle, f"vs {standings[0].subject.short_name}")]
    rows += [_texts(each, scale, glyphs, first=not row, spread=spread) for row, each in enumerate(standings)]
    if not shows_ideal(comparison):
        return rows
    over = ["over ideal", *(_over(each.over_ideal) for each in standings)]
    return [(*row, last) for row, last in zip(rows, over, strict=True)]


def told(comparison: Comparison, said: Iterable[str], width: int, glyphs: Glyphs) -> Iterator[Line]:
    """The table of a comparison, and under it sentences, wrapped."""
    yield from table(comparison, width, glyphs)
    for sentence in said:
        yield from (Line(f"  {part}") for part in wrap(sentence, width - 4, subsequent_indent="  "))


def columns(
    rows: Sequence[tuple[str, ...]],
    width: int,
    glyphs: Glyphs,
    head: Style = PLAIN,
    standings: Sequence[Standing] = (),
) -> Iterator[Line]:
    """Rows of texts in columns, the first row being the head; those columns that find no room are left out.

    With the standings that the rows are of, names give way before columns do.
    """
    rows = _fitting(rows, width)
    if standings:
        rows = _named(rows, standings, width)
    sizes = _sizes(rows, width)
    for number, row in enumerate(rows):
        yield _row(row, sizes, glyphs, PLAIN if number else head)


def _fitting(rows: Sequence[tuple[str, ...]], width: int) -> Sequence[tuple[str, ...]]:
    """The rows without those last columns that find no room beside a name of eight letters."""
    while len(rows[0]) > LEAST_COLUMNS and not _fits(rows, width):
        rows = [row[:-1] for row in rows]
    return rows


def _named(rows: Sequence[tuple[str, ...]], standings: Sequence[Standing], width: int) -> Sequence[tuple[str, ...]]:
    """The rows with names that fit, where there are such: without what all have in common, or of values alone."""
    first, *others = (max(map(width_of, column)) for column in zip(*rows, strict=True))
    room = width - sum(others) - GAP * (len(others) + 1)
    shorter = _shorter_names(standings) if first > room else []
    fitting = next((names for names in shorter if max(map(width_of, names)) <= room), None)
    fitting = fitting or (shorter[-1] if shorter else None)
    if fitting is None:
        return rows
    head, *names = fitting
    return [(head or rows[0][0], *rows[0][1:]), *((name, *row[1:]) for name, row in zip(names, rows[1:], strict=True))]


def _shorter_names(standings: Sequence[Standing]) -> list[list[str]]:
    """Shorter and shorter columns of names, their heads first ("" for the usual one), as far as all are of one kind."""
    subjects = [each.subject for each in standings]
    kinds = {(each.name, each.loop, tuple(each.options)) for each in subjects}
    differing = [key for key in subjects[0].shown if len({each.options.get(key) for each in subjects}) > 1]
    if len(kinds) > 1 or not differing:
        return []
    options = [[(key.replace("_", " "), each.shown[key]) for key in differing] for each in subjects]
    pairs = [" ".join(f"{name} {value}" for name, value in each) for each in options]
    values = [" ".join(value for _, value in each) for each in options]
    return [["", *pairs], [" ".join(name for name, _ in options[0]), *values]]


def _fits(rows: Sequence[tuple[str, ...]], width: int) -> bool:
    return sum(_sizes(rows, width)) + GAP * len(rows[0]) <= width


def _over(share: float | None) -> str:
    return "" if share is None else f"{share:+.1%}" if share < 1 else f"{share:+,.0%}"


def _texts(standing: Standing, scale: Scale, glyphs: Glyphs, *, first: bool, spread: bool) -> tuple[str, ...]:
    middle = f"{scale.show(standing.median_ns)} {scale.unit}"
    if spread and standing.sigma_ns is not None:
        middle += f" {_plus_minus(glyphs)} {scale.show(standing.sigma_ns)}"
    return standing.subject.title, middle, "1.00x" if first else times_text(standing.ratio)


def _sizes(rows: Sequence[tuple[str, ...]], width: int) -> list[int]:
    """The columns' widths; names give way when there is too little room."""
    name, *others = (max(map(width_of, column)) for column in zip(*rows, strict=True))
    room = width - sum(others) - GAP * (len(others) + 1)
    return [max(LEAST_NAME, min(name, room)), *others]


def _row(texts: Sequence[str], sizes: Sequence[int], glyphs: Glyphs, style: Style = PLAIN) -> Line:
    name, *others = texts
    line = Line(" " * GAP).put(fit(name, sizes[0], glyphs.cut), style)
    for text, size in zip(others, sizes[1:], strict=True):
        line.put(" " * (GAP + size - width_of(text))).put(text, style)
    return line


def _plus_minus(glyphs: Glyphs) -> str:
    return "+-" if glyphs.bar.isascii() else "±"


def _sigma(glyphs: Glyphs) -> str:
    return "sd" if glyphs.bar.isascii() else "σ"  # noqa: RUF001 - the letter for it
