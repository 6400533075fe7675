"""How long a simulated run takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from asyncdemo.trace import Trace
from asyncdemo.whatif.program import Program
from asyncdemo.whatif.simulator import Simulation, Step


def simulated_ns(trace: Trace, program: Program) -> int:
    """How long a program takes in simulation.

    Raises:
        StuckError: it does not come to its end.
    """
    return total_ns(trace, program, Simulation(program).run())


def total_ns(trace: Trace, program: Program, steps: Sequence[Step]) -> int:
    """How long a simulated run takes, with as much after its end as the recording has after its own."""
    recorded = end_ns(program, zip(trace.steps.task, trace.steps.end_ns, strict=True))
    return end_ns(program, ((step.task, step.end_ns) for step in steps)) + trace.duration_ns - recorded


def end_ns(program: Program, ends: Iterable[tuple[int, int]]) -> int:
    """The last of the times at which steps of tasks ended.

    Tasks that serve connections last as long as those do: where there are others, these decide when all is over.
    """
    last: dict[bool, int] = {}
    for task, end in ends:
        serves = program.lives[task].serves
        last[serves] = max(last.get(serves, end), end)
    return last.get(False, last.get(True, 0))
