"""Times and counts as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

MS = 1_000_000
SECOND = 1_000_000_000
STEPS = (1, 2, 5)


def stopwatch(ns: int) -> str:
    """A running time with thousandths: `0.130 s`."""
    return f"{ns / SECOND:.3f} s"


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a column of figures: milliseconds, or seconds when the run is long.

    Attributes:
        seconds: whether it is seconds.
        digits: how many decimals a figure has.
    """

    seconds: bool
    digits: int

    @classmethod
    def of(cls, longest_ns: int) -> Unit:
        """The unit for a run that lasts so long."""
        seconds = longest_ns >= 100 * SECOND
        return cls(seconds, 1 if seconds or longest_ns < 20 * MS else 0)

    @property
    def name(self) -> str:
        """What stands over the figures."""
        return "s" if self.seconds else "ms"

    def show(self, ns: int) -> str:
        """The figure without its unit."""
        return f"{ns / (SECOND if self.seconds else MS):.{self.digits}f}"


def tick_ns(cell_ns: int, cells_apart: int) -> int:
    """The smallest 1, 2 or 5 times a power of ten ns that is at least `cells_apart` cells long."""
    least = cell_ns * cells_apart
    power = 1
    while True:
        for step in STEPS:
            if step * power >= least:
                return step * power
        power *= 10


@lru_cache(16)
def ticks(cell_ns: int, columns: int, cells_apart: int = 9, start_ns: int = 0) -> tuple[tuple[int, str], ...]:
    """Where the ticks of a time axis from `start_ns` on stand and what they say; the first one names the unit."""
    every = tick_ns(cell_ns, cells_apart)
    name, unit = ("s", SECOND) if every >= SECOND // 2 else ("ms", MS) if every >= MS // 2 else ("us", 1000)
    found: list[tuple[int, str]] = []
    for number in range(-(-start_ns // every), (start_ns + columns * cell_ns) // every + 1):
        column = (number * every - start_ns) // cell_ns
        if column < columns:
            found.append((column, f"{_plain(number * every, unit)}{'' if found else name}"))
    if any(len(text) >= cells_apart for _, text in found):
        return ticks(cell_ns, columns, cells_apart + 2, start_ns)
    return tuple(found)


def _plain(ns: int, unit: int) -> str:
    """A time in a unit with as many decimals as it has."""
    whole, rest = divmod(ns, unit)
    return f"{whole}.{rest:0{len(str(unit)) - 1}}".rstrip("0").rstrip(".")


def count(number: float) -> str:
    """A count with thousands separated."""
    return f"{number:,.0f}"


def counted(number: int, noun: str) -> str:
    """`1 task`, `2,000 tasks`."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"
