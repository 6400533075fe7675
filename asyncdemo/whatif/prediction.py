"""Predictions: how long a recorded program would have taken with something changed, computed by running it again."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from asyncdemo.quantities import format_duration
from asyncdemo.timeline import by_cause, critical_path
from asyncdemo.trace import NONE, Actor, Steps, Tasks, Trace, Wait
from asyncdemo.whatif.change import Change, Length, Number, parse
from asyncdemo.whatif.changing import Recorded, UnknownError
from asyncdemo.whatif.program import Program
from asyncdemo.whatif.simulator import Simulation, Step, StuckError
from asyncdemo.whatif.totals import end_ns, simulated_ns, total_ns

TOLERANCE = 0.02
"""How far a run in simulation with nothing changed may be from the recording, as a part of it, to be believed."""
NEGLIGIBLE_NS = 100_000


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a change would do.

    Attributes:
        change: as it was given.
        recorded_ns: how long the run took.
        unchanged_ns: how long it takes in simulation with nothing changed: the nearer, the better the prediction;
            `NONE` when it was not simulated.
        predicted_ns: how long it would have taken; `NONE` when that cannot be told.
        cause: what most of the critical path would go into then, or "".
        cause_ns: how much of it.
        assumed: sentences without a full stop: what was taken to stay as it was.
        refused: why there is no prediction, or "".
        misused: whether that is because the change does not fit the program.
    """

    change: str
    recorded_ns: int
    unchanged_ns: int = NONE
    predicted_ns: int = NONE
    cause: str = ""
    cause_ns: int = 0
    assumed: tuple[str, ...] = ()
    refused: str = ""
    misused: bool = False


def predict(trace: Trace, texts: Sequence[str]) -> list[Prediction]:
    """What each of these changes would do by itself.

    Args:
        trace: the recording.
        texts: changes as `change.parse` reads them.

    Raises:
        AsyncdemoError: a text is no change.
    """
    asked = [(text, parse(text)) for text in texts]
    if not asked:
        return []
    refused = _unfit(trace)
    if refused:
        return [Prediction(text, trace.duration_ns, refused=refused) for text, _ in asked]
    try:
        recorded = Recorded(trace)
        return [_predicted(trace, recorded, text, changes) for text, changes in asked]
    except Exception as fault:  # noqa: BLE001 - a fault of the simulation never hides what was found
        why = f"the simulation failed: {type(fault).__name__}: {fault}"
        return [Prediction(text, trace.duration_ns, refused=why) for text, _ in asked]


def _unfit(trace: Trace) -> str:
    """Why a recording is none of a run that can be run again, or ""."""
    if len(trace.hangs):
        return "the program hung"
    if not len(trace.steps):
        return "no asyncio task ran"
    if trace.meta.get("goes_on") or trace.meta.get("adopted"):
        return "the recording is of a part of the run"
    if trace.lost.get("steps"):
        return f"the recording lacks {trace.lost['steps']:,} steps"
    return ""


def _predicted(trace: Trace, recorded: Recorded, text: str, changes: Sequence[Change]) -> Prediction:
    told = Prediction(text, trace.duration_ns)
    try:
        after, before = recorded.changed(changes)
    except UnknownError as fault:
        return replace(told, refused=str(fault), misused=True)
    try:
        unchanged = recorded.total_ns if before is recorded.program else simulated_ns(trace, before)
    except StuckError:
        return replace(told, refused=f"in simulation the program does not come to its end; {_why(trace)}")
    told = replace(told, unchanged_ns=unchanged)
    if abs(unchanged - trace.duration_ns) > max(TOLERANCE * trace.duration_ns, NEGLIGIBLE_NS):
        took = format_duration(unchanged)
        return replace(told, refused=f"with nothing changed the simulation takes {took}; {_why(trace)}")
    try:
        steps = Simulation(after).run()
    except StuckError:
        return replace(told, refused="so changed, the program would not come to its end in simulation")
    causes = by_cause(critical_path(_trace_of(trace, after, steps)))
    cause, took_ns = causes[0] if causes else ("", 0)
    assumed = tuple(_assumed(trace, recorded, changes))
    return replace(told, predicted_ns=total_ns(trace, after, steps), cause=cause, cause_ns=took_ns, assumed=assumed)


def _why(trace: Trace) -> str:
    if len(trace.loops) > 1:
        return "it has several loops, whose threads share one interpreter"
    return "something that the recording does not tell decides its order"


def _assumed(trace: Trace, recorded: Recorded, changes: Sequence[Change]) -> list[str]:
    """What was taken to stay as it was, where something may well not."""
    program, told = recorded.program, list[str]()
    kinds = {Wait(trace.waits.kind[op.wait]) for op in program.waiting()}
    if Wait.NETWORK in kinds:
        told.append("answers of the network take as long as they did")
    if Wait.SUBPROCESS in kinds:
        told.append("other programs take as long as they did")
    if program.jobs:
        told.append("jobs on threads and processes take as long as they did, however many run at once")
    if Actor.TIMER in set(trace.cancels.by):
        told.append("time-outs come when they did")
    for change in changes:
        pools = [pool for pool in program.pools if isinstance(change, Number) and change.name in {"", pool.name}]
        if isinstance(change, Number) and change.subject == "workers" and pools and not pools[0].queued:
            told.append(f"no job waited for a worker, so {pools[0].name} may have had more than {pools[0].size}")
        if isinstance(change, Length) and not change.factor and change.ns is None and recorded.is_handed_on(change):
            told.append("what is awaited there is not needed before it would have come")
    return told


def _trace_of(trace: Trace, program: Program, steps: Sequence[Step]) -> Trace:
    """The simulated run as a recording, to be looked at as any other."""
    last = end_ns(program, ((step.task, step.end_ns) for step in steps))
    steps = [step for step in steps if step.end_ns <= last]
    rows = [*range(len(trace.tasks)), *program.models]
    columns: dict[str, Any] = {
        each.name: [getattr(trace.tasks, each.name)[row] for row in rows] for each in fields(Tasks)
    }
    table = Steps(*(array(code, column) for code, column in zip("qqqiii", zip(*steps, strict=True), strict=True)))
    return replace(trace, tasks=Tasks(**columns), steps=table, duration_ns=max(table.end_ns))
