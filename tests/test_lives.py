"""Lives: what any task did at any time, found without walking through the whole recording."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from asyncdemo.timeline import Flight, Lives, Picture, State, Window, concurrency, intervals_by_task
from asyncdemo.timeline.lives import FEW
from asyncdemo.timeline.states import Piece
from asyncdemo.timeline.stretch import Columns
from asyncdemo.trace import Actor, Outcome, Trace, Wait
from asyncdemo.views.drawn import drawn
from tests.traces import TraceBuilder, ns, semaphore

KINDS = (Wait.SLEEP, Wait.LOCK, Wait.YIELD, Wait.TASK)


@st.composite
def recordings(draw: st.DrawFn) -> Trace:
    """A few tasks that wait, are ready, run and hold something for milliseconds each, some to the end."""
    builder = TraceBuilder()
    lock = builder.resource("Lock")
    for number in range(draw(st.integers(1, 4))):
        now = created = draw(st.integers(0, 20))
        task = builder.task(f"job-{number}", created, None)
        for _ in range(draw(st.integers(0, 12))):
            wait, ready, ran = (draw(st.integers(0, 9)) for _ in range(3))
            kind = builder.wait(draw(st.sampled_from(KINDS)))
            builder.step(task, now + wait + ready, now + wait + ready + ran, ready=now + wait, wait=kind)
            if draw(st.booleans()):
                builder.hold(lock, task, now, now, now + wait + ready)
            now += wait + ready + ran
        if draw(st.booleans()):
            builder.rows["tasks"][task].update(ended_ns=ns(now), outcome=1)
        else:
            builder.rows["tasks"][task]["waiting"] = builder.wait(Wait.QUEUE_GET)
    return builder.build(draw(st.integers(150, 400)))


def by_hand(trace: Trace, task: int, window: Window) -> bytes:
    """The prevailing state of each cell, from all intervals of the task's life."""
    found = []
    for column in range(window.columns):
        begin = window.start_ns + column * window.cell_ns
        end = begin + window.cell_ns
        spent = [0] * len(State)
        for each in intervals_by_task(trace)[task]:
            spent[each.state] += max(0, min(each.end_ns, end) - max(each.start_ns, begin))
        found.append(max(range(len(State)), key=lambda state: (spent[state], state)) if any(spent) else 0)
    return bytes(found)


@given(recordings(), st.integers(0, 300), st.integers(1, 12), st.integers(1, 40))
def test_a_window_shows_what_prevails_in_each_cell(trace: Trace, start: int, cell: int, columns: int) -> None:
    """In any window, exactly as adding up all intervals says, but for cells that a life only just touches."""
    lives, window = Lives(trace), Window(ns(start), ns(cell), columns)
    for task in range(len(trace.tasks)):
        shown = lives.stretch(task, window)
        expected = by_hand(trace, task, window)
        if not shown.sampled:
            edges = {window.column(trace.tasks.created_ns[task]), window.column(trace.tasks.ended_ns[task] - 1)}
            inner = [column for column in range(columns) if column not in edges]
            assert [shown.states[column] for column in inner] == [expected[column] for column in inner]
            assert all(shown.states[column] in {0, expected[column]} for column in edges if 0 <= column < columns)


@pytest.mark.parametrize("columns", [10, 51, 120])
def test_the_whole_looks_like_the_final_picture(columns: int) -> None:
    """Zoomed out, each row is what the final view draws."""
    trace = semaphore()
    lives, picture = Lives(trace), Picture.of(trace, columns, len(trace.tasks))
    window = Window(0, picture.cell_ns, columns)
    for task in range(len(trace.tasks)):
        shown = lives.stretch(task, window)
        assert not shown.sampled
        assert shown.states == drawn(picture, task)
        assert {column: mark for column, mark in shown.marks.items() if column < columns} == {
            column: mark for column, mark in picture.cells.marks[task].items() if column < columns
        }


@pytest.mark.parametrize("outcome", [Outcome.RETURNED, Outcome.CANCELLED])
@pytest.mark.parametrize("at_ms", [0, 4, 10])
def test_a_task_that_took_no_time_looks_like_in_the_final_picture(outcome: Outcome, at_ms: float) -> None:
    """It ran in one cell; where it ended badly that has a mark instead. Elsewhere it is not seen."""
    builder = TraceBuilder()
    task = builder.task("at once", at_ms, at_ms, outcome=outcome)
    builder.step(task, at_ms, at_ms)
    trace = builder.build(10)
    picture = Picture.of(trace, 5, 2)
    shown = Lives(trace).stretch(task, Window(0, picture.cell_ns, 5)).states
    assert shown == drawn(picture, task)
    assert shown.count(State.RUN) == (outcome == Outcome.RETURNED)
    assert not any(Lives(trace).stretch(task, Window(ns(6), ns(0.5), 5)).states)


def crowded() -> Trace:
    """A thousand steps of a microsecond each, then a wait of as long as all of them, and a step."""
    builder = TraceBuilder()
    task = builder.task("busy", 0, 20)
    turn, lock = builder.wait(Wait.YIELD), builder.wait(Wait.LOCK)
    for number in range(1000):
        builder.step(task, number / 100, number / 100 + 0.001, wait=turn)
    builder.step(task, 20, 20, wait=lock)
    return builder.build()


def test_a_crowded_cell_is_sampled_and_a_long_wait_is_still_exact() -> None:
    """Of many steps in a cell some are looked at, which is said; what reaches out of a cell never gets lost."""
    lives = Lives(crowded())
    shown = lives.stretch(0, Window(0, ns(1), 20))
    assert shown.sampled
    assert shown.states == bytes([State.RUN] * 10 + [State.WAIT] * 10)
    assert not lives.stretch(0, Window(0, ns(0.01), 20)).sampled


def test_the_cost_goes_by_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many steps there are, of each cell only a few are looked at."""
    lives, looked = Lives(crowded()), list[int]()
    pieces = lives._pieces

    def counted(task: int, first: int, stop: int) -> Iterator[Piece]:
        looked.append(stop - first)
        return pieces(task, first, stop)

    monkeypatch.setattr(lives, "_pieces", counted)
    lives.stretch(0, Window(0, ns(1), 20))
    assert sum(looked) <= (FEW + 1) * 20


@given(recordings(), st.integers(0, 400))
def test_a_moment_is_the_interval_around_it(trace: Trace, moment: int) -> None:
    """What a task does at a moment is what its life's intervals say; outside its life it does nothing."""
    lives = Lives(trace)
    for task, life in enumerate(intervals_by_task(trace)):
        assert lives.at(task, ns(moment)) == next(
            (each for each in life if each.start_ns <= ns(moment) < each.end_ns), None
        )


def test_steps_are_found_by_moment() -> None:
    """The last one that began, and the one that a wait led to."""
    builder = TraceBuilder()
    other, task = builder.task("other", 0, 50), builder.task("job", 0, 50)
    builder.step(other, 5, 6)
    for start in (10, 30):
        builder.step(task, start, start + 5)
    lives = Lives(builder.build())
    assert list(lives.steps(task)) == [1, 2]
    assert [lives.step_at(task, ns(t)) for t in (9, 10, 20, 30, 49)] == [-1, 0, 0, 1, 1]
    assert [lives.step_due(task, ns(t)) for t in (9, 14, 15, 49)] == [0, 0, 1, 1]
    assert [lives.waited_ns(task, number) for number in (0, 1)] == [0, ns(15)]


def test_the_chain_of_who_woke_whom() -> None:
    """From the step back to what began it all: a timer woke a, a woke b, b woke c."""
    builder = TraceBuilder()
    a, b, c = (builder.task(name, 0, 40) for name in "abc")
    for task in (a, b, c):
        builder.step(task, 0, 0, waker=Actor.PROGRAM)
    builder.step(a, 10, 12, waker=Actor.TIMER)
    builder.step(b, 20, 22, ready=11, waker=a)
    builder.step(c, 30, 31, ready=21, waker=b)
    lives = Lives(builder.build())
    assert [(wake.task, wake.waker) for wake in lives.woken_by(c, 1, 9)] == [(c, b), (b, a), (a, Actor.TIMER)]
    assert [wake.waker for wake in lives.woken_by(c, 1, 2)] == [b, a]
    assert lives.woken_by(c, -1, 9) == []


def test_two_that_wake_each_other_do_not_go_on_for_ever() -> None:
    """A chain goes back in time, and ends where the caller says."""
    builder = TraceBuilder()
    tasks = [builder.task(name, 0, 100) for name in "ab"]
    for number in range(20):
        builder.step(tasks[number % 2], number * 5, number * 5 + 1, waker=tasks[(number + 1) % 2])
    assert len(Lives(builder.build()).woken_by(tasks[1], 9, 6)) == 6


@given(recordings(), st.integers(1, 60))
def test_tasks_in_flight_are_counted_exactly(trace: Trace, columns: int) -> None:
    """The averages of each cell are those of adding up every life, and a moment has whole numbers."""
    flight, cell_ns = Flight(trace), -(-trace.duration_ns // columns)
    assert flight.averages(Window(0, cell_ns, columns)) == pytest.approx(concurrency(trace, columns), abs=1e-9)
    lives = list(zip(trace.tasks.created_ns, trace.tasks.ended_ns, strict=True))
    for t_ns in range(0, trace.duration_ns, max(1, trace.duration_ns // 7)):
        assert flight.at(t_ns) == sum(begin <= t_ns < end for begin, end in lives)


def test_a_window_is_cut_out_of_the_whole() -> None:
    """Zooming in by two shows the same life: each pair of cells says no less than the cell did."""
    trace = semaphore()
    lives = Lives(trace)
    whole, half = Window(0, ns(4), 60), Window(ns(120), ns(2), 60)
    for task in range(len(trace.tasks)):
        wide = lives.stretch(task, whole).states[30:]
        close = lives.stretch(task, half).states
        for state, (left, right) in zip(wide, list(pairwise(close))[::2], strict=True):
            assert not state or state in {left, right}


@given(recordings(), st.integers(0, 300), st.integers(1, 12), st.integers(2, 40), st.data())
def test_a_window_that_moves_keeps_what_it_shares(
    trace: Trace, start: int, cell: int, columns: int, data: st.DataObject
) -> None:
    """Old and new columns together are what the window shows that is looked at anew."""
    by = data.draw(st.integers(1 - columns, columns - 1).filter(bool))
    lives, old = Lives(trace), Window(ns(start), ns(cell), columns)
    assume(old.start_ns + by * old.cell_ns >= 0)
    new = Window(old.start_ns + by * old.cell_ns, old.cell_ns, columns)
    come = Window(new.start_ns if by < 0 else old.end_ns, old.cell_ns, abs(by))
    for task in range(len(trace.tasks)):
        moved = lives.stretch(task, old).moved(by, lives.stretch(task, come))
        anew = lives.stretch(task, new)
        if not (moved.sampled or anew.sampled):
            assert moved == anew


@given(recordings(), st.integers(0, 300), st.integers(1, 12), st.integers(1, 40))
def test_sampling_shows_what_there_is(trace: Trace, start: int, cell: int, columns: int) -> None:
    """A state that is drawn of a crowded cell was there."""
    lives, window = Lives(trace), Window(ns(start), ns(cell), columns)
    for task in range(len(trace.tasks)):
        found = Columns(window)
        first, stop = 0, len(lives.steps(task))
        found.spend(0, lives._held(task, 0, lives._some(task, first, stop, window)))
        for column, state in enumerate(found.states(0, trace.duration_ns)):
            begin = window.start_ns + column * window.cell_ns
            there = {
                each.state
                for each in intervals_by_task(trace)[task]
                if each.start_ns < begin + window.cell_ns and each.end_ns > begin
            }
            assert state in there | {0}
