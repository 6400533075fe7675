"""Quantiles: of values in order, and of values too many to be put in order."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from operator import rshift

FEW = 10_000
"""So many values may be sorted as Python objects."""

FINER = 12
"""Bits by which ever smaller parts of more values than that are told apart."""


def quantile(ordered: Sequence[int], share: float) -> int:
    """The value that `share` (0 to 1) of the ordered values do not exceed; 0 when there are none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def at_share(values: array[int], share: float) -> int:
    """What `quantile` gives for `sorted(values)`, without a Python object for each of millions of values."""
    rank = min(len(values) - 1, int(share * len(values)))
    shift = max(map(abs, values), default=0).bit_length()
    while len(values) > FEW:
        shift = max(0, shift - FINER)
        counts: Counter[int] = Counter(map(rshift, values, repeat(shift)))
        for part in sorted(counts):
            if rank < counts[part]:
                break
            rank -= counts[part]
        if not shift:
            return part
        values = array("q", (value for value in values if value >> shift == part))
    return sorted(values)[rank] if values else 0
