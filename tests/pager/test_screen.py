"""What the pager draws: a screen for a viewpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from asyncdemo.pager.keys import KEYS
from asyncdemo.pager.times import moment_text
from asyncdemo.timeline import Picture
from asyncdemo.trace import NONE, Outcome, Trace, Wait
from asyncdemo.views.heat import HeatMap
from tests.pager.recorded import CROWD, JOBS, Looking
from tests.traces import TraceBuilder, handed_on, ns, semaphore
from tests.views.screens import texts


def test_a_screen() -> None:
    """The lanes in the final view's own glyphs, the moment pointed at, and the selected task below."""
    looking = Looking(JOBS())
    looking.view.select(3)
    looking.view.go(ns(21))
    lines = looking.lines()
    assert len(lines) == 24
    assert lines[0] == "app.py  limit 3 · 5 tasks · asyncio                       0.021000 s of 0.100 s"
    assert lines[5].startswith("✗ consumer-2 ·░░░░░░░░░██▒▒▒")
    assert lines[5].endswith("✗                           3      59")
    assert lines[7].index("▴") == 13 + 21 * 50 // 100
    assert lines[8].split()[:2] == ["in", "flight"]
    assert lines[9].startswith("! blocked")
    assert lines[9].count("!") > 2
    assert lines[10].startswith("░ waiting for Queue.get  ▒ sleeping  █ running")
    assert lines[11].startswith("─ ✗ consumer-2 failed after 59 ms: ValueError: no luck ─")
    assert lines[-1].endswith("? help  q quit")


def test_the_critical_path_is_marked_when_asked_for() -> None:
    """It enters a lane with a mark; at a closer look too, and no further than what has been played back."""
    looking = Looking(handed_on())
    assert "◆" not in looking.text()
    looking.showing = replace(looking.showing, critical=True)
    looking.view.go(ns(20))
    assert looking.line("✓ producer").split()[2] == "◆" + "▒" * 30
    assert looking.line("✓ consumer").split()[2] == "░" * 31 + "◆" + "▒" * 19
    looking.view.zoom(closer=True)
    assert looking.line("✓ consumer").split()[2] == "░" * 40 + "◆" + "▒" * 10
    looking.view.whole()
    looking.showing = replace(looking.showing, playing=1.0)
    assert looking.line("▸ producer").split()[2] == "◆" + "▒" * 20
    assert [looking.screen.decides(ns(t)) for t in (10, 40, 60)] == [0, 1, NONE]


def test_the_details_of_a_task() -> None:
    """What it does at the moment, who led to it, its steps with their waits, and the line of source."""
    looking = Looking(JOBS())
    looking.view.select(3)
    looking.view.go(ns(15))
    assert looking.line("3 steps") == "3 steps · consumer · made by main at app.py:12"
    assert looking.line("at 0.015").startswith("at 0.015000 s: waits for Queue.get at recorded.py:1, for 18 ms")
    assert looking.line("step 2 of 3, woken by") == "step 2 of 3, woken by producer ← a timer"
    assert looking.line("0.021000 s").split()[2:] == ["18", "ms", "Queue.get", "1.0", "ms", "2.0", "ms", "producer"]
    source = looking.line("recorded.py:1 │")
    assert '"""A recording with something of everything' in source
    assert len(source) < 80


@pytest.mark.parametrize(("year", "said"), [("2020", True), ("2999", False)])
def test_source_that_is_newer_than_the_recording_says_so(year: str, said: bool) -> None:
    """Its lines may be others by now."""
    trace = replace(JOBS(), meta={**JOBS().meta, "started": f"{year}-01-01T00:00:00+00:00"})
    looking = Looking(trace, 200, 50)
    looking.view.select(3)
    looking.view.go(ns(15))
    assert looking.line("recorded.py:1 │").endswith("(the file has changed since)") == said


@pytest.mark.parametrize(
    ("at_ms", "said"),
    [
        pytest.param(0.5, "it does not exist yet", id="before"),
        pytest.param(1, "ready, the loop has not come to it yet", id="ready"),
        pytest.param(22, "running", id="running"),
        pytest.param(40, "waits for sleep at app.py:20", id="waiting"),
        pytest.param(60, "it has ended", id="after"),
    ],
)
def test_a_moment_of_a_task(at_ms: float, said: str) -> None:
    """In words."""
    looking = Looking(JOBS())
    looking.view.select(3)
    looking.view.go(ns(at_ms))
    assert said in looking.line("at 0.")


def test_a_cancelled_task_says_by_whom() -> None:
    """As the other views do."""
    looking = Looking(JOBS())
    looking.view.select(4)
    assert "consumer-3 cancelled after 69 ms by main" in looking.text()


def test_playing_hides_what_comes_later() -> None:
    """Cells, marks, figures and how it ended are not there yet; the glyph says what a task is at."""
    looking = Looking(JOBS())
    looking.view.go(ns(30))
    looking.showing = replace(looking.showing, playing=0.5)
    lines = looking.lines()
    assert "▸ 0.5x" in lines[0]
    assert lines[5].rstrip() == "▸ consumer-2 ·░░░░░░░░░██▒▒▒▒"
    assert lines[6].startswith("▸ consumer-3 ·░░░")
    assert lines[2].startswith("◌ main ")
    assert "!" not in lines[9].removeprefix("!")
    assert lines[8].rstrip().endswith("now 5")
    looking.view.go(ns(65))
    lines = looking.lines()
    assert lines[5].startswith("✗ consumer-2")
    assert lines[5].rstrip().endswith("✗")
    assert lines[9].count("!") > 4


def test_zoomed_in_the_axis_goes_on() -> None:
    """Ticks say the time of the run, whatever the screen begins with."""
    looking = Looking(JOBS())
    looking.view.go(ns(50))
    for _ in range(6):
        looking.view.zoom(closer=True)
    assert looking.lines()[1].split()[1] == "49.5ms"
    assert looking.lines()[0].endswith("0.050000 s of 0.100 s")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (40, 20), (100, 12), (30, 8), (20, 5)])
@pytest.mark.parametrize("trace", [JOBS, CROWD, semaphore], ids=["jobs", "crowd", "semaphore"])
@pytest.mark.parametrize("details", [None, True, False])
def test_every_size_is_filled_and_kept(width: int, height: int, trace: object, details: bool | None) -> None:
    """Exactly the lines of the terminal, and nothing in its last column."""
    looking = Looking(trace(), width, height)  # type: ignore[operator]
    looking.showing = replace(looking.showing, details=details)
    for number in (0, 3, 99):
        looking.view.select(number)
        lines = looking.screen.lines(looking.view, width, height, looking.showing)
        assert len(lines) == height
        assert all(sum(segment.cell_length for segment in line.within(width - 1)) < width for line in lines)


def test_a_narrow_screen_has_short_words() -> None:
    """Six cells for a name, one figure, a legend of single words, and the last hints."""
    looking = Looking(JOBS(), 40, 20)
    lines = looking.lines()
    assert lines[2].startswith("✓ main   ────")
    assert lines[2].endswith("   100")
    assert "░ waiting  ▒ sleeping  █ running" in lines[10]
    assert lines[-1].endswith("? help  q quit")


def test_ascii() -> None:
    """Every glyph has a plain one."""
    looking = Looking(JOBS(), ascii_only=True)
    looking.view.select(2)
    assert looking.text().isascii()
    assert looking.line("step").endswith("woken by main < the program")


def test_a_crowd_is_scrolled_by_lanes() -> None:
    """Names that asyncio gave are the coroutine's and a number, the same wherever one scrolls."""
    looking = Looking(CROWD())
    assert looking.lines()[2].split()[:2] == ["✓", "fetch-1"]
    looking.view.select(499)
    lines = looking.lines()
    assert any(line.split()[:2] == ["✓", "fetch-500"] for line in lines)
    assert not any(line.split()[:2] == ["✓", "fetch-1"] for line in lines)


def test_enter_makes_room_for_the_details() -> None:
    """In a crowd the pane is there when it is asked for, and takes lanes away."""
    looking = Looking(CROWD())
    assert not looking.screen.has_details(looking.showing)
    lanes = looking.view.lanes
    looking.showing = replace(looking.showing, details=True)
    assert "fetch-1 ok after 50 ms" in looking.text()
    assert looking.view.lanes < lanes


def test_what_was_not_kept_is_said() -> None:
    """A task of which steps were dropped says how many."""
    builder = TraceBuilder()
    task = builder.task("long", 0, 10)
    builder.step(task, 5, 6, wait=builder.wait(Wait.SLEEP))
    builder.rows["tasks"][task]["steps"] = 1001
    assert "1,000 earlier steps not kept" in Looking(builder.build(), 100, 30).text()


def test_a_task_that_never_ran() -> None:
    """Neither steps nor a waker, and that is said."""
    builder = TraceBuilder()
    builder.task("idle", 0, None, waiting=NONE)
    text = Looking(builder.build(10)).text()
    assert "it never ran" in text
    assert "never ended, 10 ms old" in text


def test_sampling_is_said() -> None:
    """Where cells hold more steps than were looked at."""
    builder = TraceBuilder()
    task = builder.task("busy", 0, 10)
    for number in range(1000):
        builder.step(task, number / 100, number / 100 + 0.001, wait=builder.wait(Wait.YIELD))
    looking = Looking(builder.build())
    assert looking.lines()[0].endswith("(sampled)")
    for _ in range(5):
        looking.view.zoom(closer=True)
    assert not looking.lines()[0].endswith("(sampled)")


@pytest.mark.parametrize(
    ("cell_ns", "said"), [(20_000_000, "1.250 s"), (50_000, "1.250000 s"), (10, "1.250000007 s")], ids=str
)
def test_moments_have_the_decimals_of_the_zoom(cell_ns: int, said: str) -> None:
    """More where a cell stands for less."""
    assert moment_text(1_250_000_007, cell_ns) == said


def test_no_key_does_two_things() -> None:
    """Each is bound once."""
    keys = [name for key in KEYS for name in key.keys.split(",")]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("trace", [JOBS, CROWD, semaphore], ids=["jobs", "crowd", "semaphore"])
def test_a_screen_that_moves_in_time_is_what_it_would_be_drawn_anew(trace: object) -> None:
    """By a cell, by half a screen, on and back: what was there before is drawn where it is now."""
    looking = Looking(trace())  # type: ignore[operator]
    for _ in range(3):
        looking.view.zoom(closer=True)
    looking.view.pan(1)
    looking.view.window = looking.view.window._replace(start_ns=looking.view.window.cell_ns * 7 // 5)
    for cells in (1, 25, 24, -30, -1, 3, 49, 250, 999, -7):
        looking.lines()
        looking.view.pan(cells)
        anew = Looking(trace())  # type: ignore[operator]
        anew.view.window, anew.view.moment_ns = looking.view.window, looking.view.moment_ns
        assert looking.lines() == anew.lines()


def test_cohorts_look_as_in_the_final_picture() -> None:
    """A row for each, shaded by the share of its tasks that is at work, with how they ended and how long they took."""
    looking = Looking(CROWD())
    looking.gather(32)
    lines = looking.lines()
    assert lines[1].split()[:2] == ["cohort", "0ms"]
    assert lines[1].endswith("ok fail  p95 ms")
    assert lines[2].startswith("  0-31      ░▒▓██▓░░    ")
    assert lines[2].endswith("  32    ·      50")
    assert lines[17].strip().startswith("480-499 ")
    assert lines[20].startswith("· all waiting  ░▒▓█ share of the cohort at work")
    assert "(sampled)" not in lines[0]


def in_turn() -> Trace:
    """Five hundred tasks that wait for one lock, hold it in turn, and of which every tenth fails."""
    builder = TraceBuilder()
    lock = builder.resource("Lock")
    wait = builder.wait(Wait.LOCK, resource=lock)
    for number in range(500):
        bad = number % 10 == 0
        task = builder.task(f"job-{number}", 0, number + 1, outcome=Outcome.RAISED if bad else Outcome.RETURNED)
        builder.step(task, 0, 0)
        builder.step(task, number, number + 1, wait=wait)
        builder.hold(lock, task, 0, number, number + 1)
    return builder.build()


@pytest.mark.parametrize("trace", [CROWD, in_turn], ids=["crowd", "in turn"])
def test_cohorts_are_those_of_the_final_picture(trace: Callable[[], Trace]) -> None:
    """Line by line."""
    looking = Looking(trace())
    picture = Picture.of(trace(), looking.view.window.columns, 17)
    looking.gather(picture.cohort)
    drawn = texts(HeatMap().lines(looking.screen.frame(80, 24), picture))[1:-1]
    assert len(drawn) == looking.view.rows == 8
    assert looking.lines()[2:10] == drawn


def test_a_cohort_that_is_not_worked_out_says_so() -> None:
    """Until it is, its row has three dots."""
    looking = Looking(CROWD())
    looking.view.gather(16)
    looking.screen.crowd(looking.view).work()
    looking.screen.crowd(looking.view).work()
    lines = looking.lines()
    assert "█" in lines[2]
    assert lines[3].rstrip() == "  16-31     …"


def test_cohorts_that_move_in_time_are_what_they_would_be_drawn_anew() -> None:
    """By some columns, on and back, and at another zoom."""
    looking, anew = Looking(CROWD()), Looking(CROWD())
    for each in (looking, anew):
        each.gather(16)
    looking.view.zoom(closer=True)
    for cells in (1, 25, -30, 49, 99):
        looking.lines()
        looking.view.pan(cells)
        anew.view.window, anew.view.moment_ns = looking.view.window, looking.view.moment_ns
        anew.screen.crowd(anew.view)._spent.clear()
        assert looking.lines() == anew.lines()


def test_playing_cohorts_hides_what_comes_later() -> None:
    """Shades and figures."""
    looking = Looking(CROWD())
    looking.gather(32)
    looking.view.go(ns(30))
    looking.showing = replace(looking.showing, playing=1)
    assert looking.lines()[2].rstrip() == "  0-31      ░▒▓"


def test_no_pane_where_a_cohort_is_selected() -> None:
    """It has no steps of its own; a screen is full of rows whether or not the pane is open."""
    looking = Looking(CROWD())
    looking.gather(16)
    looking.showing = replace(looking.showing, details=True)
    assert looking.view.lanes == 18
    assert len(looking.lines()) == 24
