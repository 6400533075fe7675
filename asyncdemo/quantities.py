"""Durations and counts as people write and read them: `50ms`, `10k`, "1.20 s"."""

from __future__ import annotations

import math
import re

_DURATION = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:e([+-]?\d{1,4}))? ?(ns|us|µs|ms|s|min|m|h|)")
_UNITS = {"": (0, 1), "ns": (-9, 1), "us": (-6, 1), "µs": (-6, 1), "ms": (-3, 1), "s": (0, 1)}
_UNITS |= {"m": (0, 60), "min": (0, 60), "h": (0, 3600)}
_COUNT = re.compile(r"([+-]?\d{1,3}(?:[_,]?\d{3}){0,4})(?:\.(\d{1,6}))?([kM]?)")
_ZEROS = {"": 0, "k": 3, "M": 6}
# Below the limit a time is shown in this unit: the limit is where rounding would show as much as one of the next unit.
_SHOWN = (
    (1_000, 1, 0, "ns"),
    (999_500, 1e3, 0, "us"),
    (9_950_000, 1e6, 1, "ms"),
    (999_500_000, 1e6, 0, "ms"),
    (59_995_000_000, 1e9, 2, "s"),
)


def duration(text: str) -> float:
    """The seconds that `text` stands for: `0.5`, `2s`, `50ms`, `130us`, `1m`. A sign is kept: bounds are the caller's.

    Raises:
        ValueError: it is no duration (`nan` and `inf` are none); the message says what is allowed.
    """
    match = _DURATION.fullmatch(text.strip())
    if match:
        number, exponent, unit = match.groups()
        power, factor = _UNITS[unit]
        # The unit joins the exponent, not a product: 3ms is then exactly the float 0.003.
        seconds = float(f"{number}e{int(exponent or 0) + power}") * factor
        if math.isfinite(seconds):
            return seconds
    raise ValueError(f"{text!r} is not a duration: write seconds (0.5) or a unit (50ms, 2s, 1m)")


def count(text: str) -> int:
    """The whole number that `text` stands for: `10`, `10k`, `1.5k`, `1M`, `1_000`. A sign is kept.

    Raises:
        ValueError: it is no whole number; the message says what is allowed.
    """
    match = _COUNT.fullmatch(text.strip())
    if match:
        whole, fraction, suffix = match.groups()
        zeros = _ZEROS[suffix] - len(fraction or "")
        if zeros >= 0:
            return int(re.sub("[_,]", "", whole) + (fraction or "") + "0" * zeros)
    raise ValueError(f"{text!r} is not a count: write a whole number (10), k for thousands (10k), M for millions (1M)")


def as_given(seconds: float) -> str:
    """A duration as somebody chose it, in seconds, for people: "1 s", "1.5 s", "200 ms"."""
    return f"{seconds:g} s" if seconds >= 1 or not seconds else f"{seconds * 1000:g} ms"


def format_duration(ns: int) -> str:
    """A duration in nanoseconds for people: "850 ns", "130 us", "2.4 ms", "91 ms", "1.20 s", "2 min 05 s"."""
    if ns < 0:
        return f"-{format_duration(-ns)}"
    if ns == 0:
        return "0 ms"
    for limit, per_unit, decimals, unit in _SHOWN:
        if ns < limit:
            return f"{ns / per_unit:.{decimals}f} {unit}"
    minutes, seconds = divmod(round(ns / 1e9), 60)
    return f"{minutes} min {seconds:02} s"
