"""Where one looks: every move stays within the recording and keeps the selection on the screen."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from asyncdemo.pager.viewpoint import Viewpoint

MOVES: dict[str, Callable[[Viewpoint, int], object]] = {
    "select": lambda view, by: view.select(view.selected + by),
    "scroll": lambda view, by: view.scroll(by),
    "go": lambda view, by: view.go(view.moment_ns + by * 1000),
    "follow": lambda view, by: view.follow(view.moment_ns + by * 1000),
    "step": lambda view, by: view.step(by),
    "pan": lambda view, by: view.pan(by),
    "zoom": lambda view, by: view.zoom(closer=by > 0),
    "whole": lambda view, _: view.whole(),
    "look": lambda view, by: view.look_at(max(0, by) * 10, max(0, by) * 10 + abs(by)),
    "fit": lambda view, by: view.fit(abs(by) + 1, abs(by) % 30 + 1),
    "move": lambda view, by: view.move(by),
    "gather": lambda view, by: view.gather(abs(by) % 30 + 1),
    "show": lambda view, by: view.show(range(abs(by) % 50)),
}


def looking(duration_ns: int = 1000, tasks: int = 20, columns: int = 10, lanes: int = 5) -> Viewpoint:
    """A viewpoint on a screen."""
    view = Viewpoint(duration_ns, tasks)
    view.fit(columns, lanes)
    return view


@given(
    st.integers(1, 10**12),
    st.integers(0, 50),
    st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(-300, 300)), max_size=25),
)
def test_every_move_stays_within(duration_ns: int, tasks: int, moves: list[tuple[str, int]]) -> None:
    """Whatever is pressed: the window lies within the run, and the moment and the selected lane on the screen."""
    view = looking(duration_ns, tasks)
    for name, by in moves:
        MOVES[name](view, by)
        start, cell_ns, columns = view.window
        assert start >= 0
        assert cell_ns >= 1
        assert start == 0 or view.window.end_ns <= duration_ns
        assert 0 <= view.moment_ns <= duration_ns
        assert view.selected == 0 or view.shown[view.selected] in view.on_screen
        assert (view.task is None) == (view.cohort > 1 or not view.shown)
        assert view.top % view.cohort == 0
        assert view.top // view.cohort <= max(0, view.rows - view.lanes)
        if name in {"go", "follow", "step", "pan", "look"}:
            assert 0 <= view.window.column(min(view.moment_ns, duration_ns - 1)) < columns


def test_zooming_keeps_the_moment_in_its_column() -> None:
    """Closer and back again."""
    view = looking(1_000_000)
    view.go(430_000)
    view.zoom(closer=True)
    assert (view.window.cell_ns, view.window.column(430_000)) == (50_000, 4)
    view.zoom(closer=True)
    assert (view.window.cell_ns, view.window.column(430_000)) == (25_000, 4)
    for _ in range(3):
        view.zoom(closer=False)
    assert view.is_whole
    assert view.window.start_ns == 0


def test_zooming_ends_at_a_nanosecond() -> None:
    """A cell is never less."""
    view = looking(1000)
    for _ in range(20):
        view.zoom(closer=True)
    assert view.window.cell_ns == 1


def test_a_step_is_a_cell_and_the_window_follows() -> None:
    """Beyond the edge the window moves by as much as shows the moment."""
    view = looking(1000)
    view.zoom(closer=True)
    assert view.window.end_ns == 500
    view.go(490)
    view.step(1)
    assert (view.moment_ns, view.window.start_ns, view.window.end_ns) == (500, 50, 550)
    view.step(-10)
    assert (view.moment_ns, view.window.start_ns) == (0, 0)


def test_playing_turns_the_page() -> None:
    """A moment that leaves the window becomes the first column of another one."""
    view = looking(1000)
    view.zoom(closer=True)
    view.zoom(closer=True)
    view.follow(251)
    assert view.window.start_ns == 251


def test_the_selection_scrolls_the_lanes() -> None:
    """By as little as it takes, and not beyond the ends."""
    view = looking()
    view.select(7)
    assert (view.top, list(view.on_screen)) == (3, [3, 4, 5, 6, 7])
    view.select(99)
    assert (view.task, view.top) == (19, 15)
    view.scroll(-3)
    assert (view.top, view.selected) == (12, 16)


def test_a_taller_screen_is_filled() -> None:
    """The last lanes move down, and those before them come into sight."""
    view = looking()
    view.select(19)
    view.fit(10, 8)
    assert list(view.on_screen) == list(range(12, 20))


def test_a_filter_keeps_the_selected_task() -> None:
    """As long as it is among those shown."""
    view = looking()
    view.select(7)
    view.show([1, 3, 7, 9])
    assert view.task == 7
    view.show([1, 3])
    assert view.task == 1
    view.show([])
    assert view.task is None


def test_a_stretch_lies_in_the_middle() -> None:
    """What one jumps to has as much before it as after it."""
    view = looking(100_000, columns=30)
    view.look_at(50_000, 51_000)
    middle = (view.window.start_ns + view.window.end_ns) / 2
    assert abs(middle - 50_500) <= view.window.cell_ns
    assert view.moment_ns == 50_000


def test_another_size_keeps_the_whole_and_the_place() -> None:
    """What was all of the run still is."""
    view = looking(1000)
    view.fit(20, 5)
    assert view.is_whole
    view.zoom(closer=True)
    view.go(900)
    start = view.window.start_ns
    view.fit(10, 5)
    assert view.window.start_ns == start
    assert view.window.cell_ns == 25


def test_tasks_share_rows_around_the_selected_one() -> None:
    """Its row is on the screen; moving selects the first task of another row; a cohort becomes lanes at its first."""
    view = looking(tasks=100)
    view.select(42)
    view.gather(8)
    assert (view.rows, view.selected, view.task) == (13, 42, None)
    view.move(1)
    assert (view.selected, list(view.on_screen)) == (48, list(range(40, 80)))
    view.move(99)
    assert (view.selected, view.top) == (99, 64)
    view.move(-1)
    view.gather(1)
    assert (view.task, list(view.on_screen)) == (88, [88, 89, 90, 91, 92])


def test_a_filter_gives_each_task_a_lane_again() -> None:
    """And selects the first of the cohort when it fits."""
    view = looking(tasks=100)
    view.gather(8)
    view.move(2)
    view.show([3, 16, 40])
    assert (view.cohort, view.task) == (1, 16)
