"""One line of the table: what was measured, against which goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and the most that it may be.

    Attributes:
        what: what was measured.
        value: as measured, in `unit`.
        goal: the most that it may be, or None where it is there for information.
        unit: `x` for a ratio, or what it counts.
        note: what it was made of.
    """

    what: str
    value: float
    goal: float | None
    unit: str = "x"
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the goal is reached; a figure without a goal cannot miss it."""
        return self.goal is None or self.value <= self.goal

    def row(self) -> str:
        """The line of the table."""
        goal = "" if self.goal is None else f"<= {self.goal:g}"
        verdict = "" if self.goal is None else ("ok" if self.met else "MISSED")
        return f"{self.what:<52}{self.value:>10.3f} {self.unit:<8}{goal:>8}  {verdict:<7}{self.note}".rstrip()
