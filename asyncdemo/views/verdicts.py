"""What can honestly be said of a comparison, in sentences."""

from __future__ import annotations

from itertools import combinations
from math import isfinite
from typing import TYPE_CHECKING

from asyncdemo.compare import CONFIDENCE
from asyncdemo.quantities import format_duration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from asyncdemo.compare import Comparison, Ratio, Standing, Verdict

MOST_DISTURBED = 5
MOST_ALIKE = 4
TOO_EARLY = -0.02
NEARLY = 0.005


def sentences(comparison: Comparison, *, verdicts: bool = True) -> Iterator[str]:
    """Which is how many times faster and how sure that is, what cannot be told apart, and how it was measured.

    Without `verdicts` only how it was measured, and what disturbed it.
    """
    if verdicts:
        yield from _verdicts(comparison)
    yield _method(comparison)
    if shows_ideal(comparison):
        yield from _about_ideals(comparison)
    disturbed = list(filter(None, map(_disturbed, comparison.standings)))
    yield from disturbed[:MOST_DISTURBED]
    if len(disturbed) > MOST_DISTURBED:
        yield f"and {len(disturbed) - MOST_DISTURBED} more rows with disturbed runs"


def _verdicts(comparison: Comparison) -> Iterator[str]:
    """How each compares with the first, then which cannot be told apart: several at once where that is so of all."""
    baseline, found = comparison.standings[0].subject, comparison.verdicts()
    alike = [each for each in found if (each.ratio.times == 1 if comparison.exact else each.ratio.different is False)]
    pairs = {_pair(each.subject, each.baseline) for each in alike}
    yield from (_verdict(each) for each in found if each.baseline is baseline and each not in alike)
    groups = _alike(comparison.standings, pairs)
    yield from (_no_difference([each.subject.title for each in group], comparison) for group in groups)
    told = {_pair(one.subject, other.subject) for group in groups for one, other in combinations(group, 2)}
    left = [each for each in alike if _pair(each.subject, each.baseline) not in told]
    for each in left[:MOST_ALIKE]:
        yield _no_difference([each.baseline.title, each.subject.title], comparison)
    if len(left) > MOST_ALIKE:
        yield f"and {len(left) - MOST_ALIKE} more pairs without a measurable difference"


def _alike(standings: Sequence[Standing], pairs: Collection[frozenset[int]]) -> list[list[Standing]]:
    """Groups of two and more of which every two are a pair; each standing is in the first that has room for it."""
    groups: list[list[Standing]] = []
    for one in standings:
        fitting = (group for group in groups if all(_pair(one.subject, each.subject) in pairs for each in group))
        group = next(fitting, None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    return [group for group in groups if len(group) > 1]


def _pair(one: object, other: object) -> frozenset[int]:
    """Two subjects in any order; the same subject may be there twice, so it is not told by what it is."""
    return frozenset((id(one), id(other)))


def _no_difference(titles: Sequence[str], comparison: Comparison) -> str:
    first, *others = titles
    if comparison.exact:
        return f"{_listed(others)} {'take' if others[1:] else 'takes'} exactly as long as {first}"
    names = _listed(titles) if others[1:] else f"{first} vs {others[0]}"
    return f"{names}: no measurable difference ({_runs(comparison)})"


def _listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _verdict(verdict: Verdict) -> str:
    subject, baseline, ratio = verdict.subject.title, verdict.baseline.title, verdict.ratio
    if not ratio.times or not isfinite(ratio.times):
        return f"{subject if ratio.times else baseline} takes no time at all"
    return f"{subject} is {_amount(ratio)} than {baseline}{_certainty(ratio)}"


def times_text(ratio: Ratio) -> str:
    """`2.85x`, `2.00x slower`, or words where no number is."""
    if not isfinite(ratio.times):
        return "no time at all"
    if not ratio.times:
        return "any time slower"
    return f"{ratio.times:.2f}x" if ratio.times >= 1 - NEARLY else f"{1 / ratio.times:.2f}x slower"


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
    if comparison.runs == 1:
        return "one run each"
    most = max(len(standing.wall_ns) for standing in comparison.standings)
    many = f"{comparison.runs:,}" if most == comparison.runs else f"{comparison.runs:,} to {most:,}"
    return f"{many} {'runs each, a row at a time' if comparison.apart else 'interleaved runs each'}"


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


def _disturbed(standing: Standing) -> str:
    """A warning of runs that are far out, or ""."""
    if not standing.outliers_ns:
        return ""
    far = ", ".join(format_duration(round(ns)) for ns in standing.outliers_ns)
    return f"{standing.subject.title}: something disturbed {len(standing.outliers_ns)} of the runs ({far})"


def shows_ideal(comparison: Comparison) -> bool:
    """Whether how close each comes to its ideal is a column: in virtual time there would be nothing to see."""
    return not comparison.exact and any(each.over_ideal is not None for each in comparison.standings)
