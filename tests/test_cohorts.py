"""Cohorts: many tasks together, counted without walking through their steps again."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from asyncdemo.timeline import Cohort, Lives, State, Window, intervals_by_task
from asyncdemo.trace import Outcome, Trace, Wait
from tests.test_lives import recordings
from tests.traces import TraceBuilder, ns

AT_WORK = {State.SLEEP, State.RUN, State.HOLD}


def by_hand(trace: Trace, tasks: Sequence[int], window: Window) -> list[tuple[int, int]]:
    """For each cell how long the tasks were at work, and how long they were there, from all their intervals."""
    lives, found = intervals_by_task(trace), []
    for column in range(window.columns):
        begin = window.start_ns + column * window.cell_ns
        end = begin + window.cell_ns
        parts = [
            (each.state, max(0, min(each.end_ns, end) - max(each.start_ns, begin)))
            for task in tasks
            for each in lives[task]
        ]
        found.append((sum(took for state, took in parts if state in AT_WORK), sum(took for _, took in parts)))
    return found


@given(recordings(), st.integers(0, 300), st.integers(1, 12), st.integers(1, 40), st.data())
def test_what_tasks_spent_is_what_their_intervals_say(
    trace: Trace, start: int, cell: int, columns: int, data: st.DataObject
) -> None:
    """To the nanosecond, in any window, of any of the tasks."""
    window = Window(ns(start), ns(cell), columns)
    tasks = data.draw(st.lists(st.sampled_from(range(len(trace.tasks))), unique=True))
    assert list(Cohort(Lives(trace), tasks).spent(window)) == by_hand(trace, tasks, window)


def test_how_the_tasks_of_a_cohort_ended() -> None:
    """Those that are pending have not: they count neither as well nor as badly, and took no time that is known."""
    builder = TraceBuilder()
    for number, outcome in enumerate([Outcome.RETURNED, Outcome.RAISED, Outcome.CANCELLED, Outcome.PENDING]):
        ended = None if outcome == Outcome.PENDING else 9 - number
        builder.step(builder.task(f"job-{number}", 1, ended, outcome=outcome), 1, 2)
    cohort = Cohort(Lives(builder.build()), range(4))
    assert (cohort.tasks, cohort.ok, cohort.bad) == (4, 1, 2)
    assert list(cohort.took_ns) == [ns(6), ns(7), ns(8)]


def test_a_time_beyond_eight_bytes_is_added_up() -> None:
    """Sums of many late moments are no smaller for being large."""
    builder = TraceBuilder()
    year_ms = 365 * 24 * 3600 * 1000
    for _ in range(400):
        task = builder.task("late", year_ms, year_ms + 4)
        builder.step(task, year_ms, year_ms)
        builder.step(task, year_ms + 4, year_ms + 4, wait=builder.wait(Wait.SLEEP))
    spent = list(Cohort(Lives(builder.build()), range(400)).spent(Window(ns(year_ms), ns(1), 5)))
    assert spent == [(ns(400), ns(400))] * 4 + [(0, 0)]
