"""Timeline: a trace with some of its tasks or resources left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdemo.timeline import intervals_by_task, without, without_resources
from asyncdemo.trace import NONE, Actor, Trace
from asyncdemo.tracefile import _check_values
from tests.traces import TraceBuilder, semaphore

TRACE = semaphore()


def lives(trace: Trace) -> Iterator[tuple[str, list[tuple[int, ...]]]]:
    """What each task did, by its name; waits by what they are for."""
    for task, life in enumerate(intervals_by_task(trace)):
        yield trace.task_name(task), [tuple(each) for each in life]


@given(st.sets(st.integers(0, len(TRACE.tasks) - 1)))
def test_the_others_stay_what_they_are(left_out: set[int]) -> None:
    """Their lives are the same, every reference leads to a row that is there, and nobody else is left."""
    left = without(TRACE, left_out)
    gone = {TRACE.task_name(task) for task in left_out}
    assert list(lives(left)) == [life for life in lives(TRACE) if life[0] not in gone]
    assert len(left.steps) == sum(task not in left_out for task in TRACE.steps.task)
    assert len(left.holds) == sum(task not in left_out for task in TRACE.holds.task)
    _check_values(left)


def test_what_the_others_had_to_do_with_them_is_nobodys() -> None:
    """Who made, woke or cancelled a task is not known when it is left out; actors that are no tasks stay."""
    builder = TraceBuilder()
    first, second = builder.task("first", 0, 9), builder.task("second", 0, 9, parent=0)
    third = builder.task("third", 0, 9, parent=second)
    builder.step(third, 1, 2, waker=second)
    builder.step(third, 3, 4, waker=Actor.TIMER)
    builder.step(third, 5, 6, waker=first)
    builder.line(1, "hello", second)
    left = without(builder.build(), {second})
    assert list(left.tasks.parent) == [NONE, NONE]
    assert list(left.steps.task) == [1, 1, 1]
    assert list(left.steps.waker) == [Actor.UNKNOWN, Actor.TIMER, first]
    assert list(left.lines.task) == [NONE]


def test_resources_that_nobody_saw() -> None:
    """Nobody holds them any more; waits for them stay."""
    left = without_resources(TRACE, {0})
    assert len(left.holds) == 0
    assert left.steps is TRACE.steps


@pytest.mark.parametrize("left_out", [set(), frozenset()])
def test_nothing_to_leave_out(left_out: set[int]) -> None:
    """The very same trace."""
    assert without(TRACE, left_out) is TRACE
    assert without_resources(TRACE, left_out) is TRACE
