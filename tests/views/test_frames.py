"""Frame after frame: what a view remembers of the frames before never shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdemo.timeline import LIVE_BUDGET, Picture
from asyncdemo.trace import Trace, Wait
from asyncdemo.views import header, names
from asyncdemo.views.canvas import Canvas, Line
from asyncdemo.views.choose import TimelineView
from asyncdemo.views.console import build_console
from asyncdemo.views.glyphs import UNICODE
from asyncdemo.views.kinds import VIEWS
from asyncdemo.views.live import CLEAR, ERASE_BELOW, WHOLE_EVERY, _Painter
from tests.test_timeline import cut, traces
from tests.traces import TraceBuilder, ns, semaphore
from tests.views.test_live import Terminal

SIZES = [(100, 50), (80, 12), (45, 8), (160, 30), (59, 30), (72, 30)]
"""The last two have as many cells as each other, at different places."""
PLACED = re.compile(r"\x1b\[(\d+);1H(.*?)(?=\x1b\[\d+;1H|\Z)")


class Screen:
    """A picture of a recording that goes on, and a terminal that it is drawn on."""

    def __init__(self, view: str | None) -> None:
        self.picture = Picture(60, 40, budget=LIVE_BUDGET)
        self._view = view
        self._drawer = self._new_drawer()
        self._terminal = Terminal()
        self._painter = self._new_painter()
        self._lines: list[str] = []
        self.sent = ""

    def _new_drawer(self) -> TimelineView:
        return TimelineView("app.py", ("limit 3",), UNICODE, self._view, live=True)

    def _new_painter(self) -> _Painter:
        return _Painter(build_console(self._terminal, coloured=True, width=100))

    def forget(self) -> None:
        """Begin anew with everything that is drawn, but not with what is known of the recording."""
        self._drawer, self._painter = self._new_drawer(), self._new_painter()
        self.picture.cells.changed = [0] * self.picture.cells.rows
        header._laid_out.cache_clear()
        names._told_apart.cache_clear()

    def draw(self, snapshot: Trace, size: tuple[int, int], *, clear: bool = False) -> list[str]:
        """The lines that the terminal shows, with colours, after the next frame."""
        self.picture.update(snapshot)
        return self.paint(self._drawer.canvas(self.picture, *size), size, clear=clear)

    def paint(self, canvas: Canvas, size: tuple[int, int], *, clear: bool = False) -> list[str]:
        """The same after this canvas."""
        start = self._terminal.tell()
        self._painter.paint(canvas, *size, clear=clear)
        self.sent = self._terminal.getvalue()[start:]
        if self.sent.startswith(CLEAR):
            self._lines = []
        for number, text in PLACED.findall(self.sent):
            row = int(number) - 1
            self._lines[row : row + 1] = [text]
            if text == ERASE_BELOW:
                del self._lines[row:]
        return list(self._lines)


def snapshots(trace: Trace, every_ms: int) -> Iterator[Trace]:
    """What a recording gives from time to time until it has ended."""
    since = -1
    for until in (*range(ns(every_ms), trace.duration_ns, ns(every_ms)), trace.duration_ns):
        yield cut(trace, since, until)
        since = until


def check(trace: Trace, every_ms: int, view: str | None, sizes: list[tuple[int, int]]) -> None:
    """A view that is kept shows what one shows that is made for the frame alone."""
    kept, made = Screen(view), Screen(view)
    for number, snapshot in enumerate(snapshots(trace, every_ms)):
        size = sizes[number * len(sizes) // 8 % len(sizes)]
        drawn = kept.draw(snapshot, size)
        made.forget()
        assert drawn == made.draw(snapshot, size)


@given(traces(), st.integers(20, 200), st.sampled_from((None, *VIEWS)), st.lists(st.sampled_from(SIZES), min_size=1))
def test_any_recording(trace: Trace, every: int, view: str | None, sizes: list[tuple[int, int]]) -> None:
    """Whatever tasks do, whatever view shows them, and however often the terminal changes its size."""
    check(trace, every, view, sizes)


@pytest.mark.parametrize("view", [None, *VIEWS])
@pytest.mark.parametrize("sizes", [SIZES[:1], SIZES[1:2], SIZES])
def test_slots(view: str | None, sizes: list[tuple[int, int]]) -> None:
    """Tasks that share slots, as lanes and as cohorts."""
    check(semaphore(tuple(range(20, 80)), 4), 23, view, sizes)


@pytest.mark.parametrize("size", SIZES)
def test_what_comes_and_changes(size: tuple[int, int]) -> None:
    """Tasks that are made, renamed and cancelled, and a picture whose rows become cohorts."""
    builder, kept, made = TraceBuilder(), Screen(None), Screen(None)
    main = builder.task("", 0, coro="main")
    for number in range(1, 60):
        task = builder.task("", number * 5, coro="fetch", parent=main)
        if number % 5 == 0:
            builder.rows["tasks"][task - 3] |= {"outcome": number % 4 + 1, "ended_ns": ns(number * 5)}
            builder.cancel(number * 5 - 1, task - 1, main, "app.py:7")
            builder.line(number * 5, f"line {number}", task)
        if number % 7 == 0:
            builder.rows["tasks"][task - 2]["name"] = builder.text(f"named {number}")
        snapshot = builder.build(number * 5 + 5)
        drawn = kept.draw(snapshot, size)
        made.forget()
        assert drawn == made.draw(snapshot, size)


@pytest.mark.parametrize("size", [*SIZES[4:], (100, 20)])
@pytest.mark.parametrize("change", ["size", "unit", "name", "waits", "sampled"])
def test_lane_of_the_past(change: str, size: tuple[int, int]) -> None:
    """What a task did that has ended is drawn in another way when the screen, a title or its name is another one."""
    builder, kept, made = TraceBuilder(), Screen("lanes"), Screen("lanes")
    task = builder.task("", 0, 12.02, coro="fetch")
    builder.step(task, 0, 2)
    builder.step(task, 12, 12.02, wait=builder.wait(Wait.SLEEP))
    snapshot = builder.build(15)
    assert kept.draw(snapshot, size) == made.draw(snapshot, size)
    if change == "size":
        size = SIZES[4] if size == SIZES[5] else SIZES[5]
    elif change == "name":
        builder.task("", 15, coro="fetch")
    elif change == "waits":
        builder.wait(Wait.EVENT)
    elif change == "sampled":
        kept.picture.sampled = made.picture.sampled = True
    snapshot = builder.build(25 if change == "unit" else 17)
    made.forget()
    assert kept.draw(snapshot, size) == made.draw(snapshot, size)


def test_figures_of_the_past() -> None:
    """Those of a cohort that has ended are in the unit that stands over them."""
    builder, kept, made = TraceBuilder(), Screen("heat"), Screen("heat")
    builder.task("", 0, 12.34, coro="fetch")
    for duration in (15, 25, 100_000):
        snapshot = builder.build(duration)
        made.forget()
        assert kept.draw(snapshot, SIZES[0]) == made.draw(snapshot, SIZES[0])


def test_sends_what_changed() -> None:
    """Only the lines that are not on the screen are sent, and what is under the last one is erased."""
    screen, size = Screen(None), (60, 5)
    first, second, third = Line("one"), Line("two"), Line("three")
    shown = screen.paint(Canvas([first, second, third]), size)
    assert screen.paint(Canvas([first, second, third]), size) == shown
    assert screen.sent == ""
    assert screen.paint(Canvas([first, third, Line("three")]), size) == [shown[0], shown[2], shown[2]]
    assert screen.sent.count("three") == 1
    assert "one" not in screen.sent
    assert screen.paint(Canvas([first]), size) == shown[:1]
    assert "one" not in screen.sent
    assert screen.paint(Canvas([first, second, third]), size) == shown


@pytest.mark.parametrize(
    ("size", "clear"), [((60, 5), True), ((61, 5), False), ((60, 6), False)], ids=["cleared", "wider", "higher"]
)
def test_sends_all(size: tuple[int, int], *, clear: bool) -> None:
    """A screen that was cleared or has another size is sent whole."""
    screen, canvas = Screen(None), Canvas([Line("one"), Line("two")])
    shown = screen.paint(canvas, (60, 5))
    assert screen.paint(canvas, size, clear=clear) == shown
    assert "one" in screen.sent
    assert screen.sent.startswith(CLEAR) == clear
    assert screen.sent.endswith(ERASE_BELOW)


def test_sends_all_from_time_to_time() -> None:
    """What others wrote on the terminal does not stay there."""
    screen, canvas = Screen(None), Canvas([Line("one")])
    sent = []
    for _ in range(WHOLE_EVERY + 1):
        screen.paint(canvas, (60, 5))
        sent.append(screen.sent)
    assert [number for number, text in enumerate(sent) if text] == [0, WHOLE_EVERY]
