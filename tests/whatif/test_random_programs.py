"""Random programs: in simulation they take exactly as long as they did, and with another limit as they then do."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdemo.trace import Trace
from asyncdemo.whatif import predict
from tests.recorder.recordings import record

Action = tuple[Any, ...]
LIMITS = st.integers(1, 4)


def bodies() -> st.SearchStrategy[list[Action]]:
    """What a task does.

    Whoever holds the lock asks for nothing else, so that no program hangs. Nothing takes no time at all: which of
    several steps of one moment took a lock, and in which order, is not in a recording.
    """
    sleep = st.tuples(st.just("sleep"), st.integers(1, 5) | st.integers(1, 100_000))
    lock = st.tuples(st.just("lock"), st.lists(sleep, min_size=1, max_size=2))
    slots = st.tuples(st.just("slots"), st.lists(sleep | lock, min_size=1, max_size=3))
    leaf = sleep | lock | slots

    def nested(inner: st.SearchStrategy[Action]) -> st.SearchStrategy[Action]:
        return st.tuples(st.sampled_from(["gather", "group"]), st.lists(st.lists(inner, max_size=4), max_size=4))

    return st.lists(st.recursive(leaf, nested, max_leaves=25), max_size=5)


def recorded(body: list[Action], limit: int) -> Trace:
    """The recording of a program in virtual time; its sleeps are in microseconds."""

    async def main() -> None:
        lock, slots = asyncio.Lock(), asyncio.Semaphore(limit)

        async def run(body: list[Action]) -> None:
            for name, more in body:
                if name == "sleep":
                    await asyncio.sleep(more / 1e6)
                elif name == "lock":
                    async with lock:
                        await run(more)
                elif name == "slots":
                    async with slots:
                        await run(more)
                elif name == "gather":
                    await asyncio.gather(*map(run, more))
                else:
                    async with asyncio.TaskGroup() as group:
                        for each in more:
                            group.create_task(run(each))

        await run(body)

    return record(main, closely=True).trace


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies(), LIMITS, LIMITS)
def test_predictions_are_exact_in_virtual_time(body: list[Action], limit: int, other: int) -> None:
    """With nothing changed the simulation gives the recorded total; with another limit, that of a run with it."""
    trace = recorded(body, limit)
    prediction = predict(trace, [f"limit={other}"])[0]
    if prediction.misused:
        assert "no semaphore" in prediction.refused
        return
    assert prediction.refused == ""
    assert prediction.unchanged_ns == trace.duration_ns
    assert prediction.predicted_ns == recorded(body, other).duration_ns
