"""What came of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncdemo.trace import Trace


@dataclass(frozen=True, slots=True)
class Result:
    """One finished run.

    Attributes:
        trace: what was recorded.
        exit_code: 0 it ran to its end, 1 an unexpected exception, 124 out of time, 128 + N ended by signal N;
            a script's own code otherwise.
        wall_ns: real nanoseconds that the run took, whatever the clock.
        error: what there is to tell of the exception that ended the run, by default its traceback as Python shows it,
            or None.
    """

    trace: Trace
    exit_code: int
    wall_ns: int
    error: str | None = None
