"""What measuring a cell somewhere else gave, as it is sent and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

from asyncdemo.compare.result import Watched
from asyncdemo.compare.runs import Series


class Run(NamedTuple):
    """The figures of one run, in nanoseconds."""

    wall_ns: int
    cpu_ns: int
    system_ns: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that is known of a cell which was measured on one machine.

    Attributes:
        machine: the environment there.
        series: its runs.
        watched: what extra runs told, or None.
    """

    machine: Mapping[str, Any]
    series: Series
    watched: Watched | None = None

    def described(self) -> dict[str, Any]:
        """The report in values that JSON can hold."""
        return {
            "machine": dict(self.machine),
            "runs": list(zip(self.series.wall_ns, self.series.cpu_ns, self.series.system_ns, strict=True)),
            "extra_runs": asdict(self.watched) if self.watched else None,
        }

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Self:
        """The report that `described` made.

        Raises:
            KeyError, TypeError, OverflowError: it is none.
        """
        series = Series()
        for run in found["runs"]:
            series.add(Run(*run))
        return cls(found["machine"], series, Watched(**found["extra_runs"]) if found["extra_runs"] else None)
