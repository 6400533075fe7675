"""The figures of a comparison: a row for each subject, and sentences that say what can be said."""

from __future__ import annotations

from math import isfinite, log10
from textwrap import wrap
from typing import TYPE_CHECKING

from asyncdemo.compare import CONFIDENCE
from asyncdemo.quantities import format_duration
from asyncdemo.views.canvas import Line, fit, width_of
from asyncdemo.views.glyphs import FAINT, PLAIN, WORKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.style import Style

    from asyncdemo.compare import Comparison, Ratio, Standing, Verdict
    from asyncdemo.views.glyphs import Glyphs

GAP = 2
LEAST_COLUMNS = 3
MOST_DISTURBED = 5
TOO_EARLY = -0.02
LEAST_NAME, LEAST_BAR, LONGEST_BAR = 8, 6, 40
UNITS = ((100_000_000_000, 1_000_000_000, "s"), (100_000, 1_000_000, "ms"), (0, 1_000, "us"))
"""From which longest time on (ns) a table's figures are in a unit, how many ns it has, and its name."""
SIGNIFICANT = 3
NEARLY = 0.005


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
    texts = [_texts(standing, scale, glyphs, first=not row) for row, standing in enumerate(standings)]
    spread = "" if standings[0].sigma_ns is None else f" {_plus_minus(glyphs)} {_sigma(glyphs)}"
    heads: tuple[str, ...] = (
        "variant",
        f"{'time' if comparison.exact else 'median'}{spread}",
        f"vs {standings[0].subject.name}",
    )
    if _shows_ideal(comparison):
        heads = (*heads, "over ideal")
        texts = [(*row, _over(standing.over_ideal)) for row, standing in zip(texts, standings, strict=True)]
    heads, *rows = _fitting([heads, *texts], width)
    sizes = _sizes([heads, *rows], width)
    bars = min(LONGEST_BAR, width - sum(sizes) - GAP * (len(sizes) + 1))
    yield _row(heads, sizes, glyphs, FAINT)
    for standing, row in zip(standings, rows, strict=True):
        line = _row(row, sizes, glyphs)
        if bars >= LEAST_BAR and standing.median_ns:
            share = standing.median_ns / longest
            line.put(" " * GAP).put(glyphs.states[-1] * max(1, round(bars * share)), WORKING)
        yield line


def told(comparison: Comparison, said: Iterable[str], width: int, glyphs: Glyphs) -> Iterator[Line]:
    """The table of a comparison, and under it sentences, wrapped."""
    yield from table(comparison, width, glyphs)
    for sentence in said:
        yield from (Line(f"  {part}") for part in wrap(sentence, width - 4, subsequent_indent="  "))


def columns(rows: Sequence[tuple[str, ...]], width: int, glyphs: Glyphs, head: Style = PLAIN) -> Iterator[Line]:
    """Rows of texts in columns, the first row being the head; those columns that find no room are left out."""
    rows = _fitting(rows, width)
    sizes = _sizes(rows, width)
    for number, row in enumerate(rows):
        yield _row(row, sizes, glyphs, PLAIN if number else head)


def _fitting(rows: Sequence[tuple[str, ...]], width: int) -> Sequence[tuple[str, ...]]:
    """The rows without those last columns that find no room beside a name of eight letters."""
    while len(rows[0]) > LEAST_COLUMNS and sum(_sizes(rows, width)) + GAP * (len(rows[0]) + 1) > width:
        rows = [row[:-1] for row in rows]
    return rows


def _shows_ideal(comparison: Comparison) -> bool:
    """Whether how close each comes to its ideal is a column: in virtual time there would be nothing to see."""
    return not comparison.exact and any(each.over_ideal is not None for each in comparison.standings)


def _about_ideals(comparison: Comparison) -> Iterator[str]:
    """What the ideal times leave out, and whose runs cannot have been what they should be."""
    left_out = {each.subject.name: each.cell.ideal_more for each in comparison.standings if each.cell.ideal_more}
    for name, what in left_out.items():
        yield f"the ideal of {name} leaves out {what}"
    early = [each for each in comparison.standings if (each.over_ideal or 0) < TOO_EARLY]
    if early:
        more = f" and {len(early) - 1} more" if len(early) > 1 else ""
        yield (
            f"{early[0].subject.title}{more}: faster than the ideal, for its loop's timers do not tell such short "
            "times apart; give it longer ones"
        )


def _over(share: float | None) -> str:
    return "" if share is None else f"{share:+.1%}"


def _texts(standing: Standing, scale: Scale, glyphs: Glyphs, *, first: bool) -> tuple[str, ...]:
    middle = f"{scale.show(standing.median_ns)} {scale.unit}"
    if standing.sigma_ns is not None:
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


def times_text(ratio: Ratio) -> str:
    """`2.85x`, `2.00x slower`, or words where no number is."""
    if not isfinite(ratio.times):
        return "no time at all"
    if not ratio.times:
        return "any time slower"
    return f"{ratio.times:.2f}x" if ratio.times >= 1 - NEARLY else f"{1 / ratio.times:.2f}x slower"


def sentences(comparison: Comparison, *, verdicts: bool = True) -> Iterator[str]:
    """Which is how many times faster and how sure that is, what cannot be told apart, and how it was measured.

    Without `verdicts` only how it was measured, and what disturbed it.
    """
    baseline = comparison.standings[0].subject
    for verdict in comparison.verdicts() if verdicts else ():
        alike = verdict.ratio.times == 1 if comparison.exact else verdict.ratio.different is False
        if alike or verdict.baseline is baseline:
            yield _verdict(verdict, comparison)
    yield _method(comparison)
    if _shows_ideal(comparison):
        yield from _about_ideals(comparison)
    disturbed = list(filter(None, map(_disturbed, comparison.standings)))
    yield from disturbed[:MOST_DISTURBED]
    if len(disturbed) > MOST_DISTURBED:
        yield f"and {len(disturbed) - MOST_DISTURBED} more rows with disturbed runs"


def _verdict(verdict: Verdict, comparison: Comparison) -> str:
    subject, baseline, ratio = verdict.subject.title, verdict.baseline.title, verdict.ratio
    if comparison.exact and ratio.times == 1:
        return f"{subject} takes exactly as long as {baseline}"
    if ratio.different is False:
        return f"{baseline} vs {subject}: no measurable difference ({_runs(comparison)})"
    if not ratio.times or not isfinite(ratio.times):
        return f"{subject if ratio.times else baseline} takes no time at all"
    return f"{subject} is {_amount(ratio)} than {baseline}{_certainty(ratio)}"


def _amount(ratio: Ratio) -> str:
    """`2.85x faster`, or a percentage when the factor would read 1.00."""
    word = "faster" if ratio.times >= 1 else "slower"
    factor = max(ratio.times, 1 / ratio.times)
    return f"{(factor - 1) * 100:.2g}% {word}" if factor < 1 + NEARLY else f"{factor:.2f}x {word}"


def _certainty(ratio: Ratio) -> str:
    if ratio.low is None or ratio.high is None or abs(ratio.times - 1) < NEARLY:
        return ""
    low, high = (ratio.low, ratio.high) if ratio.times >= 1 else (1 / ratio.high, 1 / ratio.low)
    return f" ({low:.2f}x to {high:.2f}x with {CONFIDENCE:.0%} confidence)"


def _method(comparison: Comparison) -> str:
    if comparison.exact:
        return f"virtual time: exact, one run each{_seed(comparison)}"
    watched = [
        f"{standing.subject.title} {standing.overhead:+.0%}"
        for standing in comparison.standings
        if standing.picture and standing.overhead is not None
    ]
    pictures = f"; the timelines are of one more run each under the recorder ({', '.join(watched)})" if watched else ""
    few = ", too few to tell how sure that is" if comparison.runs == 1 else ""
    return f"{_runs(comparison)}{_seed(comparison)}, nothing watching{few}{pictures}"


def _seed(comparison: Comparison) -> str:
    return "" if comparison.seed is None else f", seed {comparison.seed}"


def _runs(comparison: Comparison) -> str:
    return "one run each" if comparison.runs == 1 else f"{comparison.runs} interleaved runs each"


def _disturbed(standing: Standing) -> str:
    """A warning of runs that are far out, or ""."""
    if not standing.outliers_ns:
        return ""
    far = ", ".join(format_duration(round(ns)) for ns in standing.outliers_ns)
    return f"{standing.subject.title}: something disturbed {len(standing.outliers_ns)} of the runs ({far})"


def _plus_minus(glyphs: Glyphs) -> str:
    return "+-" if glyphs.bar.isascii() else "±"


def _sigma(glyphs: Glyphs) -> str:
    return "sd" if glyphs.bar.isascii() else "σ"  # noqa: RUF001 - the letter for it
