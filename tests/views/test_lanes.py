"""Lanes, slots and what stands under them: what each view shows, and what it says that it does not."""

from __future__ import annotations

import re

import pytest

from asyncdemo.timeline import MOST_ROWS_OF_TASKS, Picture
from asyncdemo.trace import NONE, Actor, Outcome, Trace, Wait
from asyncdemo.views.choose import TimelineView
from asyncdemo.views.glyphs import ASCII, UNICODE, Glyphs
from tests.traces import TraceBuilder, ns
from tests.views.screens import texts

LABEL = 12


def drawn(
    trace: Trace, view: str | None = None, width: int = 80, height: int = 24, glyphs: Glyphs = UNICODE
) -> list[str]:
    """The lines of the exact picture of a trace."""
    drawer = TimelineView("test", (), glyphs, view)
    frame = drawer.frame(trace, width, height)
    lines = drawer.lines(frame, Picture.of(trace, frame.cells, drawer.rows(height)))
    return texts(lines)


def cells(lines: list[str], name: str) -> str:
    """The cells of the row that is called `name`."""
    return next(line for line in lines if line[2:].startswith(f"{name} "))[LABEL : LABEL + 51].rstrip()


def sleeper(ends: list[float], last: float, kind: Wait = Wait.SLEEP) -> Trace:
    """A task that waits up to each of `ends`, one after the other, and in the end up to `last`."""
    builder = TraceBuilder()
    task, wait = builder.task("main", 0, last), builder.wait(kind)
    builder.step(task, 0, 0)
    for end in [*ends, last]:
        builder.step(task, end, end, wait=wait)
    return builder.build()


class TestBetween:
    """Where a task ran between two waits that look the same."""

    @pytest.mark.parametrize("kind", [Wait.SLEEP, Wait.EVENT, Wait.TASK], ids=lambda kind: kind.name)
    def test_marked(self, kind: Wait) -> None:
        """Each place where one wait ends and the next begins is marked, and the legend says what that means."""
        lines = drawn(sleeper([10, 25], 51, kind))
        glyph = {Wait.SLEEP: "▒", Wait.EVENT: "░", Wait.TASK: "─"}[kind]
        assert cells(lines, "main") == glyph * 10 + "│" + glyph * 14 + "│" + glyph * 25
        assert "│ ran in between" in lines[-1]

    def test_ascii(self) -> None:
        """The mark has an ASCII form."""
        lines = drawn(sleeper([10], 51), glyphs=ASCII)
        assert cells(lines, "main") == "=" * 10 + "|" + "=" * 40
        assert "| ran in between" in lines[-1]

    @pytest.mark.parametrize(
        ("ends", "expected"),
        [
            pytest.param([10, 12], "▒" * 51, id="a cell between them"),
            pytest.param([10, 13], "▒" * 10 + "│▒▒│" + "▒" * 37, id="two cells between them"),
            pytest.param([1, 50], "▒" * 51, id="a cell from the edge"),
            pytest.param([step / 20 for step in range(20, 1000)], "▒" * 51, id="a thousand steps"),
        ],
    )
    def test_calm(self, ends: list[float], expected: str) -> None:
        """Waits that do not fill two cells are not told apart."""
        lines = drawn(sleeper(ends, 51))
        assert cells(lines, "main") == expected
        assert ("ran in between" in lines[-1]) == ("│" in expected)

    def test_seen_anyway(self) -> None:
        """A step that fills its cell, and another kind of wait, are seen without a mark."""
        builder = TraceBuilder()
        task, sleep = builder.task("main", 0, 51), builder.wait(Wait.SLEEP)
        builder.step(task, 0, 0)
        builder.step(task, 10, 12, wait=sleep)
        builder.step(task, 20, 20, wait=sleep)
        builder.step(task, 51, 51, wait=builder.wait(Wait.EVENT))
        assert cells(drawn(builder.build()), "main") == "▒" * 10 + "██" + "▒" * 8 + "░" * 31

    def test_stretched(self) -> None:
        """A live picture whose cells have grown wider keeps the marks."""
        trace, live = sleeper([10, 25], 51), Picture(13, 20, budget=100)
        live.update(trace)
        assert (live.cell_ns, live.cells.marks[0]) == (ns(4), {2: 1, 6: 1, 12: 1})


class TestRequests:
    """Where a task was asked to end."""

    @pytest.mark.parametrize(
        ("by", "glyph", "meaning"),
        [
            pytest.param(Actor.TIMER, "◷", "◷ timed out", id="time-out"),
            pytest.param(Actor.UNKNOWN, "⊘", "⊘ cancel requested by somebody not seen", id="request"),
            pytest.param(1, "⊘", "⊘ cancel requested by other at app.py:7", id="request of a task"),
        ],
    )
    @pytest.mark.parametrize(
        ("outcome", "end"),
        [(Outcome.RETURNED, "▒"), (Outcome.CANCELLED, "⊘"), (Outcome.RAISED, "✗")],
        ids=["returns", "ends cancelled", "fails"],
    )
    def test_goes_on(self, outcome: Outcome, end: str, by: int, glyph: str, meaning: str) -> None:
        """A task that goes on after the request has a mark there, whatever its end is."""
        builder = TraceBuilder()
        task = builder.task("main", 0, 51, outcome=outcome, error="ValueError: no" if end == "✗" else "")
        sleep = builder.wait(Wait.SLEEP)
        builder.step(task, 0, 0)
        builder.step(task, 20, 20, wait=sleep)
        builder.step(task, 51, 51, wait=sleep)
        builder.step(builder.task("other", 0, 51), 0, 51)
        builder.cancel(20, task, by, "app.py:7")
        lines = drawn(builder.build())
        assert cells(lines, "main") == "▒" * 20 + glyph + "▒" * 29 + end
        if outcome == Outcome.CANCELLED:  # whose doing that was stands there once, see below
            meaning = meaning.partition(" by ")[0]
        assert re.search(rf"{meaning}(  |$)|{meaning} or cancelled", "\n".join(lines), re.MULTILINE)

    def test_ends_at_once(self) -> None:
        """A task that ends where it was asked to has the mark of its end alone."""
        builder = TraceBuilder()
        builder.step(builder.task("main", 0, 30, outcome=Outcome.CANCELLED), 0, 30)
        builder.step(builder.task("other", 0, 51), 0, 51)
        builder.cancel(28.5, 0)
        lines = drawn(builder.build())
        assert cells(lines, "main") == "█" * 29 + "⊘"
        assert not any("cancel requested" in line for line in lines)


class TestSlivers:
    """Ends of lives that only just touch a cell, of 1 ms here."""

    @staticmethod
    def late(late: float) -> Trace:
        """A task that sleeps from 10 to 20 ms and is run so much later, beside one of 51 ms."""
        builder = TraceBuilder()
        sleep = builder.wait(Wait.SLEEP)
        task = builder.task("brief", 10 - late, 20 + late)
        builder.step(task, 10, 10)
        builder.step(task, 20 + late, 20 + late, ready=20, wait=sleep)
        other = builder.task("other", 0, 51)
        builder.step(other, 0, 0)
        builder.step(other, 51, 51, wait=sleep)
        return builder.build()

    @pytest.mark.parametrize(
        ("late", "row"),
        [
            pytest.param(0.2, " " * 10 + "▒" * 10, id="less than a quarter"),
            pytest.param(0.3, " " * 9 + "·" + "▒" * 10 + "·", id="more than a quarter"),
        ],
    )
    def test_moments_at_the_ends(self, late: float, row: str) -> None:
        """A moment in which a task was ready before and after its sleep is drawn when it fills some of its cell."""
        lines = drawn(self.late(late))
        assert cells(lines, "brief") == row
        assert any("ready, not yet running" in line for line in lines) == ("·" in row)

    @pytest.mark.parametrize(("start", "end"), [(10, 10.1), (9.9, 10.1)], ids=["in a cell", "at its edge"])
    def test_a_life_of_a_moment(self, start: float, end: float) -> None:
        """A task is seen however short it was."""
        builder = TraceBuilder()
        builder.step(builder.task("brief", start, end), start, end)
        builder.step(builder.task("other", 0, 51), 0, 51)
        assert cells(drawn(builder.build()), "brief").strip() == "█"

    @pytest.mark.parametrize(("moment", "column"), [(0, 0), (10, 10), (51, 50)], ids=["first", "between", "last"])
    def test_a_life_of_no_time(self, moment: float, column: int) -> None:
        """So is one that took no virtual time at all; one that never ran is not."""
        builder = TraceBuilder(clock="virtual")
        builder.step(builder.task("brief", moment, moment), moment, moment)
        builder.step(builder.task("other", 0, 51), 0, 51)
        builder.task("never", moment, moment)
        lines = drawn(builder.build())
        assert cells(lines, "brief") == " " * column + "█"
        assert cells(lines, "never") == ""
        assert lines[-1].startswith("█ running")

    def test_a_bad_end_at_once(self) -> None:
        """One that was cancelled at once has the mark of that, and the legend explains no other."""
        builder = TraceBuilder(clock="virtual")
        builder.step(builder.task("brief", 10, 10, outcome=Outcome.CANCELLED), 10, 10)
        builder.step(builder.task("other", 0, 51), 0, 0)
        builder.step(1, 51, 51, wait=builder.wait(Wait.SLEEP))
        lines = drawn(builder.build())
        assert cells(lines, "brief").strip() == "⊘"
        assert not any("running" in line for line in lines)


class TestFigures:
    """What stands at the right of the lanes."""

    @pytest.mark.parametrize(
        ("held", "title", "figures"),
        [
            pytest.param(20, "wait hold ms", ["·", "20"], id="some time"),
            pytest.param(0.1, "wait took ms", ["·", "51"], id="a moment"),
            pytest.param(0, "wait took ms", ["·", "51"], id="no time at all"),
        ],
    )
    def test_holds(self, held: float, title: str, figures: list[str]) -> None:
        """How long tasks held something is a figure where it is seen in a lane."""
        builder = TraceBuilder()
        lock = builder.resource("Lock", limit=1)
        builder.wait(Wait.LOCK, resource=lock)
        task = builder.task("main", 0, 51)
        builder.step(task, 0, 0)
        builder.step(task, 51, 51, wait=builder.wait(Wait.SLEEP))
        builder.hold(lock, task, 10, 10, 10 + held)
        lines = drawn(builder.build())
        assert lines[1].endswith(title)
        assert lines[2].split()[-2:] == figures


def cancelled(*requests: tuple[int, str], going_on: bool = False) -> Trace:
    """A task for each of `requests` (by whom, where), cancelled by it; `going_on` for 10 ms more."""
    builder = TraceBuilder()
    builder.step(builder.task("main", 0, 51), 0, 51)
    sleep = builder.wait(Wait.SLEEP)
    for number, (by, at) in enumerate(requests):
        outcome = Outcome.CANCELLED
        task = builder.task(f"job-{number}", 0, 40, outcome=outcome, cancelled_by=by, cancelled_at=at)
        builder.step(task, 0, 0)
        builder.step(task, 30, 30, wait=sleep)
        builder.step(task, 40, 40, wait=sleep)
        builder.cancel(30 if going_on else 40, task, by, at)
    return builder.build()


class TestCancelled:
    """What the legend says of tasks that were cancelled."""

    @pytest.mark.parametrize(
        ("requests", "said"),
        [
            pytest.param([(0, "app.py:7")], "cancelled by main at app.py:7", id="a task"),
            pytest.param([(Actor.TIMER, "app.py:7")], "cancelled by a timer at app.py:7", id="a timer"),
            pytest.param([(Actor.PROGRAM, "app.py:7")], "cancelled by the program at app.py:7", id="outside the loop"),
            pytest.param([(Actor.PROGRAM, "")], "cancelled as the loop was closed", id="whatever ran the loop"),
            pytest.param([(0, "app.py:7"), (0, "app.py:7")], "cancelled by main at app.py:7", id="the same twice"),
            pytest.param(
                [(0, "app.py:7"), (1, "")], "cancelled by main at app.py:7 or by job-0", id="one by the other"
            ),
            pytest.param(
                [(0, "app.py:7"), (Actor.UNKNOWN, "")],
                "cancelled by main at app.py:7 or by somebody not seen",
                id="of one it is not known",
            ),
            pytest.param(
                [(0, f"a_module_with_a_long_name.py:{line}") for line in (7, 8)], "cancelled by main", id="no room"
            ),
        ],
    )
    def test_by_whom(self, requests: list[tuple[int, str]], said: str) -> None:
        """Who cancelled and where, as far as it is known of all of them and there is room for it."""
        lines = drawn(cancelled(*requests))
        assert [line.partition("⊘ ")[2] for line in lines if "⊘ c" in line] == [said]

    @pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
    def test_once(self, glyphs: Glyphs) -> None:
        """Requests that were not obeyed at once have the same glyph, which stands once in the legend."""
        legend = drawn(cancelled((0, "app.py:7"), going_on=True), glyphs=glyphs)[-1]
        assert legend.count(glyphs.cancelled) == 1
        assert legend.endswith(f"{glyphs.cancelled} cancel requested or cancelled by main at app.py:7")

    def test_timed_out(self) -> None:
        """So it is with a time-out that a task had and one that ended it."""
        builder = TraceBuilder()
        task = builder.task("main", 0, 51, outcome=Outcome.RAISED, error="TimeoutError")
        builder.step(task, 0, 0)
        builder.step(task, 20, 20, wait=builder.wait(Wait.SLEEP))
        builder.step(task, 51, 51, wait=builder.wait(Wait.SLEEP))
        builder.cancel(20, task, Actor.TIMER)
        assert drawn(builder.build())[-1] == "▒ sleeping  ◷ timed out"


def test_the_legend_names_what_a_library_waits_for() -> None:
    """On the network by the library's name for it, the most frequent first; where there is no room, by none."""
    builder = TraceBuilder()
    task = builder.task("job", 0, 60)
    for number, (kind, on) in enumerate(
        [(Wait.NETWORK, "socket"), (Wait.SLEEP, ""), (Wait.NETWORK, "MySQL reply"), (Wait.NETWORK, "MySQL reply")]
    ):
        builder.step(task, number * 10 + 10, number * 10 + 11, wait=builder.wait(kind, on))
    assert drawn(builder.build(60))[-1].startswith("▒ MySQL reply, on the network or sleeping  ")
    assert any(line.startswith("▒ on the network or sleeping") for line in drawn(builder.build(60), width=40))


def test_the_legend_says_what_was_waited_for() -> None:
    """A wait that was something else when a task was looked at while it ran has the last word for it alone."""
    builder = TraceBuilder()
    builder.wait(Wait.FUTURE)
    task = builder.task("main", 0, 51)
    builder.step(task, 0, 0)
    builder.step(task, 51, 51, wait=builder.wait(Wait.FUTURE, "timer"))
    assert drawn(builder.build())[-1] == "░ waiting for timer  ✓ ok"


@pytest.mark.parametrize("height", [24, 5], ids=["with its lane", "without room for it"])
def test_the_legend_says_nothing_of_a_blocked_loop(height: int) -> None:
    """Its lane has a title, and may not be there."""
    builder = TraceBuilder()
    task = builder.task("main", 0, 51)
    builder.step(task, 0, 51)
    builder.stall(0, 51, task, "app.py:1")
    lines = drawn(builder.build(), height=height)
    assert any(line.startswith("! blocked") for line in lines) == (height == 24)
    assert lines[-1] == "█ running  ✓ ok"


@pytest.mark.parametrize(
    ("width", "about"),
    [
        pytest.param(80, "limit 3 · hold 1 s · 1 task · asyncio", id="all"),
        pytest.param(45, "limit 3 · 1 task · asyncio", id="the first of the options"),
        pytest.param(28, "1 task", id="the first of the facts"),
        pytest.param(21, "", id="none"),
    ],
)
def test_the_header_says_whole_what_it_says(width: int, about: str) -> None:
    """What there is no room for is left out, and never cut."""
    builder = TraceBuilder()
    builder.step(builder.task("main", 0, 51), 0, 51)
    trace, drawer = builder.build(), TimelineView("test", ("limit 3", "hold 1 s"), UNICODE)
    frame = drawer.frame(trace, width, 24)
    (line, *_) = texts(drawer.lines(frame, Picture.of(trace, frame.cells, drawer.rows(24))))
    assert line.removeprefix("test").removesuffix("0.051 s").strip() == about


def many(tasks: int) -> Trace:
    """Tasks that all run as long."""
    builder = TraceBuilder()
    for number in range(tasks):
        builder.step(builder.task(f"job-{number}", 0, 51), 0, 51)
    return builder.build()


class TestMoreThanFits:
    """A view that cannot show every task says so."""

    def test_lanes(self) -> None:
        """Lanes that were asked for are lanes as far as they fit, and the others are counted."""
        lines = drawn(many(400), "lanes")
        assert sum(line.startswith("✓ job-") for line in lines) == 18
        assert [line for line in lines if "not shown" in line] == ["  …         382 more tasks not shown"]
        assert len(lines) <= 24

    def test_all_fit(self) -> None:
        """Nothing is said where all of them fit."""
        lines = drawn(many(19), "lanes")
        assert sum(line.startswith("✓ job-") for line in lines) == 19
        assert not any("not shown" in line for line in lines)

    def test_another_view(self) -> None:
        """Where there is no room at all for the view that was asked for, the one that is drawn says so."""
        builder = TraceBuilder()
        for number in range(MOST_ROWS_OF_TASKS + 1):
            builder.task(f"job-{number}", 0, 10)
        lines = drawn(builder.build(), "lanes")
        assert lines[1] == "  There is no room for lanes."
        assert any(line.startswith("  done/s") for line in lines)

    def test_slots(self) -> None:
        """Slots show tasks that hold nothing as well, and count those that only queue up."""
        builder = TraceBuilder()
        slots = builder.resource("Semaphore", limit=2)
        turn, sleep = builder.wait(Wait.SEMAPHORE, resource=slots), builder.wait(Wait.SLEEP)
        for number in range(24):
            start = number // 2 * 4
            task = builder.task(f"job-{number}", 0, start + 4)
            builder.step(task, 0, 0)
            builder.step(task, start + 4, start + 4, wait=sleep if not start else turn)
            builder.hold(slots, task, 0, start, start + 4)
        builder.step(builder.task("gave-up", 0, 9, outcome=Outcome.CANCELLED), 9, 9, wait=turn)
        builder.step(builder.task("aside", 4, 48), 4, 48)
        lines = drawn(builder.build(51))
        assert lines[2].startswith("  row 1     j0──j2──")
        assert cells(lines, "row 3") == "    a" + "─" * 43
        assert "12─ task 12 holds Semaphore or is under way  1 task not shown: nothing held" in lines


class TestWorkers:
    """Threads and processes."""

    @staticmethod
    def mixed(workers: int) -> Trace:
        """Threads and processes by turns, each with a job from 10 to 40 ms, and a task that waits for them."""
        builder = TraceBuilder()
        main = builder.task("main", 0, 51)
        builder.step(main, 0, 0)
        for number in range(workers):
            kind = (Wait.THREAD, Wait.PROCESS)[number % 2]
            builder.job("work", builder.worker(f"worker {number}", kind), 0, 10, 40, task=main, kind=kind)
        builder.step(main, 51, 51, wait=builder.wait(Wait.THREAD, task=NONE))
        return builder.build()

    def test_together(self) -> None:
        """The threads stand together, and so do the processes."""
        names = [line[2:11] for line in drawn(self.mixed(4)) if "work ▒" in line]
        assert names == ["thread 1 ", "thread 2 ", "process 1", "process 2"]

    def test_without_room(self) -> None:
        """Where there is no room for a row each there is one for how many worked at once, of each kind."""
        lines = drawn(self.mixed(30))
        assert cells(lines, "threads") == " " * 10 + "█" * 30
        assert cells(lines, "processes") == " " * 10 + "█" * 30
        assert sum(line.endswith("peak 15") for line in lines) == 2

    @pytest.mark.parametrize(("workers", "tagged"), [(2, True), (30, False)], ids=["rows", "curves"])
    def test_tags(self, workers: int, *, tagged: bool) -> None:
        """What tags in their rows stand for is explained where there are such rows."""
        builder = TraceBuilder()
        builder.step(builder.task("main", 0, 1_000), 0, 1_000)
        for number in range(workers):
            worker = builder.worker(f"worker {number}")
            builder.job("short_one", worker, 0, 0, 100)
            builder.job("long_one", worker, 0, 100, 1_000)
        assert any("s short_one" in line for line in drawn(builder.build())) == tagged
