"""The live view: drawn from a thread, over a recording that is played to it, onto a terminal emulator."""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pyte
import pytest

from asyncdemo.timeline import State
from asyncdemo.trace import Trace
from asyncdemo.views.console import build_console
from asyncdemo.views.live import LiveView
from asyncdemo.views.pace import Clocks
from tests.traces import TraceBuilder, semaphore

PATIENCE_S = 20
"""How long to wait for a frame that comes within milliseconds."""


class Played:
    """Gives the same trace again and again, and lets a test wait until it was asked often enough."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.cursors: list[Any] = []
        self._asked = threading.Condition()

    def snapshot(self, cursor: Any = None, *_limits: int) -> tuple[Trace, Any]:
        """The trace; the cursor counts."""
        with self._asked:
            self.cursors.append(cursor)
            self._asked.notify_all()
        return self.trace, (cursor or 0) + 1

    def wait(self, times: int) -> None:
        """Until it was asked so often."""
        with self._asked:
            assert self._asked.wait_for(lambda: len(self.cursors) >= times, PATIENCE_S)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It does."""
        return True

    def screen(self, columns: int = 80, lines: int = 24) -> pyte.Screen:
        """What a terminal would show."""
        screen = pyte.Screen(columns, lines)
        pyte.Stream(screen).feed(self.getvalue())
        return screen


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal of 80 by 24."""
    monkeypatch.setattr("asyncdemo.views.live.LiveView._terminal_size", lambda _: (80, 24))
    return Terminal()


@pytest.fixture
def live(terminal: Terminal) -> Iterator[Callable[..., LiveView]]:
    """Makes live views and stops them in the end."""
    views = []

    def make(recording: Any, **options: Any) -> LiveView:
        console = build_console(terminal, coloured=True, width=80)
        views.append(LiveView(recording, "semaphore", console, **{"fps": 200, "delay_s": 0, **options}))
        return views[-1]

    yield make
    for view in views:
        view.stop()


def test_draws(live: Callable[..., LiveView], terminal: Terminal) -> None:
    """Frames show the lanes and what was printed last, on the alternate screen, without a cursor."""
    recording = Played(semaphore())
    view = live(recording)
    view.start()
    recording.wait(3)
    view.pause()
    shown = terminal.screen().display
    assert shown[0].startswith("semaphore  10 tasks · asyncio")
    assert shown[0].rstrip().endswith("0.211 s ▸ running")
    assert shown[2].startswith("✓ job-00    ████")
    assert any("│ job-08 is done" in line for line in shown)
    assert all(line[-1] == " " for line in shown)
    assert "\x1b[?1049h" in terminal.getvalue()
    assert "\x1b[?25l" in terminal.getvalue()
    assert len(view.frame_ns) >= 2
    assert recording.cursors[:3] == [None, 1, 2]


@pytest.mark.parametrize(
    ("lines", "said"),
    [pytest.param(24, True, id="room enough"), pytest.param(18, False, id="no room")],
)
def test_what_to_watch(
    live: Callable[..., LiveView], terminal: Terminal, monkeypatch: pytest.MonkeyPatch, lines: int, *, said: bool
) -> None:
    """What to look at stands under the title, where the timeline and a few printed lines leave room for it."""
    monkeypatch.setattr("asyncdemo.views.live.LiveView._terminal_size", lambda _: (80, lines))
    recording = Played(semaphore())
    view = live(recording, watch="Three hold a slot.", about=("limit 3",))
    view.start()
    recording.wait(3)
    view.pause()
    shown = terminal.screen(80, lines).display
    assert shown[0].startswith("semaphore  limit 3 · 10 tasks · asyncio")
    assert shown[1].startswith("Watch: Three hold a slot.") == said


def test_restores(live: Callable[..., LiveView], terminal: Terminal) -> None:
    """Stopping leaves the alternate screen and shows the cursor, once, however often it is stopped."""
    recording = Played(semaphore())
    view = live(recording)
    view.start()
    recording.wait(1)
    view.stop()
    view.stop()
    assert terminal.getvalue().count("\x1b[?1049l") == 1
    assert terminal.getvalue().count("\x1b[?25h") == 1


def test_short_run(live: Callable[..., LiveView], terminal: Terminal) -> None:
    """A run that ends before the delay is over never touches the terminal."""
    view = live(Played(semaphore()), delay_s=PATIENCE_S)
    view.start()
    view.stop()
    assert terminal.getvalue() == ""


def test_fault(live: Callable[..., LiveView], terminal: Terminal) -> None:
    """A fault while drawing ends the view with one warning and leaves the terminal as it was."""

    class Broken(Played):
        def snapshot(self, cursor: Any = None, *_limits: int) -> tuple[Trace, Any]:
            answer = super().snapshot(cursor)
            if cursor:
                message = "no more"
                raise RuntimeError(message)
            return answer

    recording = Broken(semaphore())
    view = live(recording)
    view.start()
    recording.wait(2)
    view.stop()
    assert view.fault == "the live view was switched off: RuntimeError: no more"
    assert terminal.getvalue().rstrip().endswith("\x1b[?25h")
    assert len(recording.cursors) == 2


def test_invisible_thread(live: Callable[..., LiveView]) -> None:
    """The drawing thread is not among those that the program can list."""
    before = threading.enumerate()
    recording = Played(semaphore())
    view = live(recording)
    view.start()
    recording.wait(1)
    assert threading.enumerate() == before
    assert threading.active_count() == len(before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_fork(live: Callable[..., LiveView], terminal: Terminal) -> None:
    """A program that forks is warned of no thread; drawing goes on in the parent and never in the child."""
    recording = Played(semaphore())
    view = live(recording)
    view.start()
    recording.wait(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        child = os.fork()
    if child == 0:
        written = len(terminal.getvalue())
        threading.Event().wait(0.05)
        view.stop()
        os._exit(len(terminal.getvalue()) != written)
    assert os.waitpid(child, 0)[1] == 0
    recording.wait(len(recording.cursors) + 2)


def test_resize(live: Callable[..., LiveView], terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next frame fits a terminal that has become narrower, and nothing of the old one stays."""
    recording = Played(semaphore())
    view = live(recording)
    view.start()
    recording.wait(2)
    view.pause()
    monkeypatch.setattr("asyncdemo.views.live.LiveView._terminal_size", lambda _: (40, 20))
    terminal.truncate(0)
    view.resume()
    recording.wait(len(recording.cursors) + 3)
    view.pause()
    screen = terminal.screen(40, 20)
    assert screen.display[2].startswith("✓ job-00 ███")
    assert all(line[-1] == " " for line in screen.display)
    assert terminal.getvalue().strip("\0").startswith("\x1b[2J")


def test_running_task(live: Callable[..., LiveView]) -> None:
    """A task that blocks the loop is drawn running until now."""
    builder = TraceBuilder()
    builder.running(builder.task("job", 0), 0)
    recording = Played(builder.build(60))
    view = live(recording)
    view.start()
    recording.wait(2)
    view.pause()
    assert view._picture is not None
    assert set(view._picture.cells.dominant(0).rstrip(b"\0")) == {State.RUN}


def test_pace(live: Callable[..., LiveView], monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has computed all the time since the frame before is left alone for longer."""
    ms = 1_000_000
    shown = [(0, 0, 0), (100, 0, 0), (104, 4, 4), (204, 4, 4), (208, 8, 8), (308, 108, 8), (312, 112, 12)]
    times = iter([Clocks(wall * ms, process * ms, thread * ms) for wall, process, thread in shown])
    monkeypatch.setattr("asyncdemo.views.live.clocks", lambda: next(times))
    view, rests = live(Played(semaphore())), []
    for _ in range(3):
        view._draw()
        rests.append(view._ticker.interval_s)
    assert rests == pytest.approx([0.036, 0.036, 0.196])
    assert view.frame_ns == [4 * ms] * 3
