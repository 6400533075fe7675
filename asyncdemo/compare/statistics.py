"""Statistics of repeated runs. Each function says where its method comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, hypot, inf, isfinite, log, pi, sqrt
from random import Random
from statistics import NormalDist, fmean, median, stdev

CONFIDENCE = 0.98
"""Of a hundred comparisons of a thing with itself, two find a difference; a more daring 0.95 would find five."""
PRECISE = 0.95
BOOTSTRAPPED = 8
"""From so many runs each an interval is bootstrapped; fewer say too little about the shape of their spread."""
CUT = 0.3
"""What is left out of the rounds at either end of their order: either run of a round may have been disturbed."""
RESAMPLES = (500, 2000)
RESAMPLED = 200_000
OUTLYING = 14.826
OUTLYING_NS = 1_000_000
OUTLYING_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times faster one way is than another.

    Attributes:
        times: the other's time over this one's: above 1 faster, below 1 slower; `inf` when this one takes no time.
        sigma: the ratio's standard deviation from run to run, or None when there was one run each.
        low: lower end of the interval in which the true ratio lies with `CONFIDENCE`, or None with one run each.
        high: its upper end.
    """

    times: float
    sigma: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def different(self) -> bool | None:
        """Whether the interval leaves 1 out; None when there is no interval to tell from."""
        if self.low is None or self.high is None:
            return None
        return not self.low <= 1 <= self.high


def spread(samples: Sequence[float]) -> float | None:
    """The standard deviation of `samples` (with n - 1), or None for a single one."""
    return stdev(samples) if len(samples) > 1 else None


def ratio(baseline: Sequence[float], other: Sequence[float], *, paired: bool = True) -> Ratio:
    """How many times faster `other` is than `baseline`.

    Of runs in pairs it is the typical ratio of a round: the geometric mean of the rounds' ratios without the
    `CUT` lowest and highest (a trimmed mean: J. W. Tukey and D. H. McLaughlin, Sankhya A 25 (1963) 331). What slows a
    whole round down cancels out, so on a machine that is slow at times it finds smaller differences than the ratio of
    the medians; where single runs are disturbed, it has no such advantage. That ratio is taken of few runs and of runs
    without pairs. The interval is made by the bootstrap or, from few runs, by Welch's method.

    The ratio's sigma is ratio x sqrt((sa / a)^2 + (sb / b)^2), first-order propagation of independent errors
    (J. R. Taylor, An Introduction to Error Analysis, 3.8).

    Args:
        baseline: durations of at least one run, at least 0, in any unit.
        other: the same, in the same unit.
        paired: whether the n-th of both were made in the same round, so that what disturbed the machine then disturbed
            both; runs beyond the shorter of the two are then left out.
    """
    if paired:
        both = min(len(baseline), len(other))
        baseline, other = baseline[:both], other[:both]
    a, b = median(baseline), median(other)
    if not a or not b:
        return Ratio(1.0 if a == b else (inf if a else 0.0))
    times = a / b
    sa, sb = spread(baseline), spread(other)
    if sa is None or sb is None:
        return Ratio(times)
    if min(len(baseline), len(other)) < BOOTSTRAPPED or not (min(baseline) and min(other)):
        low, high = _welch(baseline, other)
    elif paired:
        logs = [log(one / two) for one, two in zip(baseline, other, strict=True)]
        times = exp(_middle_mean(logs))
        low, high = (
            exp(end) for end in _inner([_middle_mean([logs[i] for i in each]) for each in _draws(both, 0)], both)
        )
    else:
        tops, bottoms = _medians(baseline, 0), _medians(other, 1)
        ratios = [top / bottom for top, bottom in zip(tops, bottoms, strict=False)]
        low, high = _inner(ratios, min(len(baseline), len(other)))
    return Ratio(times, times * hypot(sa / a, sb / b), min(low, times), max(high, times))


def precision(samples: Sequence[float]) -> float | None:
    """How well the median of `samples` is known: half its interval of 95 %, as a share of it; None from under 6 runs.

    The interval lies between two of the samples in order, whatever their distribution (H. A. David and H. N. Nagaraja,
    Order Statistics, 7.1).
    """
    n = len(samples)
    if n < 6:  # noqa: PLR2004 - all of five samples lie on one side of the true median once in sixteen times
        return None
    ordered = sorted(samples)
    below = int((n - NormalDist().inv_cdf((1 + PRECISE) / 2) * sqrt(n)) / 2)
    middle = median(ordered)
    return (ordered[n - 1 - below] - ordered[below]) / 2 / middle if middle else 0.0


def outliers(samples: Sequence[float]) -> tuple[float, ...]:
    """The samples (durations in ns) so far out that something else must have been at work.

    More than 14.826 median absolute deviations from the median is a modified z-score above 10 (B. Iglewicz and D. C.
    Hoaglin, How to Detect and Handle Outliers, 1993); and, since very steady runs have next to no deviation, also more
    than 1 ms and 2 % of the median.
    """
    middle = median(samples)
    deviation = median(abs(sample - middle) for sample in samples)
    least = max(OUTLYING * deviation, OUTLYING_NS, OUTLYING_SHARE * middle)
    return tuple(sample for sample in samples if abs(sample - middle) > least)


def _middle_mean(samples: Sequence[float]) -> float:
    """The mean without the `CUT` lowest and highest."""
    out = int(len(samples) * CUT)
    return fmean(sorted(samples)[out : len(samples) - out])


def _inner(resampled: Sequence[float], runs: int) -> tuple[float, float]:
    """The interval that a statistic of many samples drawn from `runs` runs lies in with `CONFIDENCE`.

    The percentile method (B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 13.3), widened for few runs
    as Student's t is (T. C. Hesterberg, The American Statistician 69 (2015) 371, "expanded percentile").
    """
    outside = NormalDist().cdf(-sqrt(runs / (runs - 1)) * _t_quantile(runs - 1))
    ordered, out = sorted(resampled), int(len(resampled) * outside)
    return ordered[out], ordered[-1 - out]


def _medians(samples: Sequence[float], seed: int) -> list[float]:
    """The median of each of many samples drawn from these."""
    upper, odd = len(samples) // 2, len(samples) % 2
    drawn = (sorted([samples[index] for index in indices]) for indices in _draws(len(samples), seed))
    if odd:
        return [ordered[upper] for ordered in drawn]
    return [(ordered[upper - 1] + ordered[upper]) / 2 for ordered in drawn]


@lru_cache(4)
def _draws(runs: int, seed: int) -> tuple[tuple[int, ...], ...]:
    """Samples of as many runs, drawn with replacement; the same ones every time, so that figures can be had again."""
    random = Random(seed)  # noqa: S311 - statistics, not a secret
    least, most = RESAMPLES
    many = max(least, min(most, RESAMPLED // runs))
    return tuple(tuple(random.choices(range(runs), k=runs)) for _ in range(many))


def _welch(baseline: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """The interval of the ratio of two medians, for runs that spread as a normal distribution does.

    It is made of the logarithm, so that exchanging the two gives the reciprocal: the variance of a median is pi / 2 of
    that of a mean (M. G. Kendall and A. Stuart, The Advanced Theory of Statistics 1, 10.10), and Student's t with the
    degrees of freedom of B. L. Welch, Biometrika 34 (1947) 28, makes up for few runs.
    """
    a, b = median(baseline), median(other)
    variances = (
        (stdev(baseline) / a) ** 2 / len(baseline),
        (stdev(other) / b) ** 2 / len(other),
    )
    reach = _t_quantile(_freedom(variances, (len(baseline), len(other)))) * sqrt(pi / 2 * sum(variances))
    return a / b * exp(-reach), a / b * exp(min(reach, 700))


def _freedom(variances: tuple[float, float], runs: tuple[int, int]) -> float:
    """Welch's degrees of freedom of a sum of two estimated variances."""
    denominator = sum(variance**2 / (n - 1) for variance, n in zip(variances, runs, strict=True))
    return sum(variances) ** 2 / denominator if denominator else inf


def _t_quantile(freedom: float) -> float:
    """Student's t that `CONFIDENCE` lies within, on both sides; within 5 % from 2 degrees of freedom up.

    The expansion of M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    if not isfinite(freedom):
        return z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))
