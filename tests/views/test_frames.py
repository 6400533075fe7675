"""Frame after frame: what a view remembers of the frames before never shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdemo.timeline import LIVE_BUDGET, Picture
from asyncdemo.trace import Trace
from asyncdemo.views import header, names
from asyncdemo.views.canvas import Canvas
from asyncdemo.views.choose import TimelineView
from asyncdemo.views.console import build_console
from asyncdemo.views.glyphs import UNICODE
from asyncdemo.views.kinds import VIEWS
from asyncdemo.views.live import _Painter
from tests.test_timeline import cut, traces
from tests.traces import TraceBuilder, ns, semaphore
from tests.views.test_live import Terminal

SIZES = [(100, 50), (80, 12), (45, 8), (160, 30)]


class Screen:
    """A picture of a recording that goes on, and a terminal that it is drawn on."""

    def __init__(self, view: str | None) -> None:
        self._picture = Picture(60, 40, budget=LIVE_BUDGET)
        self._view = view
        self._drawer = self._new_drawer()
        self._terminal = Terminal()
        self._painter = self._new_painter()

    def _new_drawer(self) -> TimelineView:
        return TimelineView("app.py", ("limit 3",), UNICODE, self._view, live=True)

    def _new_painter(self) -> _Painter:
        return _Painter(build_console(self._terminal, coloured=True, width=100))

    def forget(self) -> None:
        """Begin anew with everything that is drawn, but not with what is known of the recording."""
        self._drawer, self._painter = self._new_drawer(), self._new_painter()
        self._picture.cells.changed = [0] * self._picture.cells.rows
        header._laid_out.cache_clear()
        names._told_apart.cache_clear()

    def draw(self, snapshot: Trace, size: tuple[int, int]) -> str:
        """What the terminal is sent for the next frame."""
        self._picture.update(snapshot)
        canvas: Canvas = self._drawer.canvas(self._picture, *size)
        start = self._terminal.tell()
        self._painter.paint(canvas, *size, clear=False)
        return self._terminal.getvalue()[start:]


def snapshots(trace: Trace, every_ms: int) -> Iterator[Trace]:
    """What a recording gives from time to time until it has ended."""
    since = -1
    for until in (*range(ns(every_ms), trace.duration_ns, ns(every_ms)), trace.duration_ns):
        yield cut(trace, since, until)
        since = until


def check(trace: Trace, every_ms: int, view: str | None, sizes: list[tuple[int, int]]) -> None:
    """A view that is kept sends what one sends that is made for the frame alone."""
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
