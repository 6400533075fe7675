"""Moments as the pager writes them: with as many decimals as the zoom can tell apart."""

from __future__ import annotations

DIGITS = ((10_000_000, 3), (10_000, 6), (0, 9))
"""From so many nanoseconds a cell on, so many decimals of a second."""


def moment_text(ns: int, cell_ns: int) -> str:
    """A moment of the run: `1.250 s`, or with more decimals where a cell stands for less time."""
    decimals = next(digits for least, digits in DIGITS if cell_ns >= least)
    return f"{ns / 1e9:.{decimals}f} s"
