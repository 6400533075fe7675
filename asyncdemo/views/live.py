"""The live view: draws a recording while it goes on, from a thread of its own, so that a blocked loop is drawn too."""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from typing import Any, Protocol

from rich.console import Console, ConsoleOptions, RenderResult
from rich.control import Control
from rich.segment import Segment
from rich.style import Style

from asyncdemo.ticker import Ticker
from asyncdemo.timeline import LIVE_BUDGET, MOST_ROWS_OF_TASKS, Apart, Picture
from asyncdemo.trace import Trace
from asyncdemo.turns import write
from asyncdemo.views.canvas import Canvas, Line
from asyncdemo.views.choose import TimelineView, check_view
from asyncdemo.views.glyphs import PLAIN, glyphs_for
from asyncdemo.views.pace import clocks, rest_s

DELAY_S = 0.15
"""A run shorter than this never sees the live view, so that it does not flash."""


class Recording(Protocol):
    """What the live view looks at."""

    def snapshot(
        self, cursor: Any = None, most_steps: int | None = None, most_tasks: int | None = None
    ) -> tuple[Trace, Any]:
        """A trace of all that is known, with the steps since `cursor`, and the next cursor."""


class LiveView:
    """Draws a recording on the terminal's alternate screen until it is stopped.

    Args:
        recording: what is being recorded.
        title: what runs: a concept's name or a script's.
        console: a console on a terminal; its width holds where it is not the terminal's, else resizing is followed.
        about: what the header says of the options, the most telling first.
        watch: what to look at, shown where there is room.
        fps: most frames a second, above 0; slow frames come less often, and those of a busy program (see `pace`).
        view: one of `kinds.VIEWS`, or none to choose by the number of tasks.
        ascii_only: draw in ASCII even where the console could show more.
        delay_s: how long to wait before the first frame.

    Raises:
        AsyncdemoError: the view does not exist.
    """

    def __init__(
        self,
        recording: Recording,
        title: str,
        console: Console,
        *,
        about: Sequence[str] = (),
        watch: str = "",
        fps: float = 10,
        view: str | None = None,
        ascii_only: bool = False,
        delay_s: float = DELAY_S,
    ) -> None:
        check_view(view)
        self.frame_ns: list[int] = []
        """How long each frame took, from taking the snapshot to writing the screen."""
        self._recording = recording
        self._console = console
        glyphs = glyphs_for(console, ascii_only=ascii_only)
        self._drawer = TimelineView(title, about, glyphs, view, live=True, watch=watch)
        self._interval_s = 1 / fps
        self._painter = _Painter(console)
        self._ticker = Ticker(self._interval_s, self._draw, delay_s)
        self._before = clocks()
        self._apart = Apart()
        self._picture: Picture | None = None
        self._cursor: Any = None
        self._size = (0, 0)
        self._width = console.width if console.width != self._terminal_size()[0] else None
        self._on_screen = False
        self._pid = os.getpid()

    @property
    def fault(self) -> str | None:
        """Why the view switched itself off, when it had to."""
        fault = self._ticker.fault
        return None if fault is None else f"the live view was switched off: {type(fault).__name__}: {fault}"

    def start(self) -> None:
        """Start drawing, after the delay."""
        atexit.register(self._leave_screen)
        self._ticker.start()

    def stop(self) -> None:
        """Stop drawing and give the terminal back as it was; stopping twice does nothing."""
        self._ticker.stop()
        self._leave_screen()
        atexit.unregister(self._leave_screen)

    def pause(self) -> None:
        """End the drawing thread and leave the screen as it is."""
        self._ticker.pause()

    def resume(self) -> None:
        """Go on drawing after `pause`."""
        self._ticker.resume()

    def _draw(self) -> None:
        begin = clocks()
        trace, self._cursor = self._recording.snapshot(self._cursor, LIVE_BUDGET + 1, MOST_ROWS_OF_TASKS)
        if len(trace.tasks) <= MOST_ROWS_OF_TASKS:  # of a crowd nothing is known but how many there are
            trace, self._drawer.theirs = self._apart.fold(trace)
        self._enter_screen()
        width, height = self._terminal_size()
        width = self._width or width
        if self._picture is None:
            frame = self._drawer.frame(trace, width, height)
            self._picture = Picture(frame.cells, self._drawer.rows(height), budget=LIVE_BUDGET)
        self._picture.update(trace)
        canvas = self._drawer.canvas(self._picture, width, height)
        cleared = self._size != (width, height)
        self._size = (width, height)
        self._painter.paint(canvas, width, height, clear=cleared)
        end = clocks()
        self.frame_ns.append(end.wall - begin.wall)
        self._ticker.interval_s = rest_s(self._interval_s, self._before, begin, end)
        self._before = end

    def _terminal_size(self) -> tuple[int, int]:
        """Columns and lines of the terminal as it is now; a console only knows those that it began with."""
        try:
            return os.get_terminal_size(self._console.file.fileno())
        except (OSError, ValueError):
            return self._console.size

    def _enter_screen(self) -> None:
        if not self._on_screen:
            self._on_screen = True
            self._console.control(Control.alt_screen(enable=True), Control.show_cursor(show=False))

    def _leave_screen(self) -> None:
        # In a forked child the screen is the parent's business.
        if self._on_screen and os.getpid() == self._pid:
            self._on_screen = False
            self._console.control(Control.alt_screen(enable=False), Control.show_cursor(show=True))


class _Painter:
    """Turns canvases into what a terminal is sent: each line that changed over the one before.

    Rich works out the escape codes of each style once, and not of each piece of text in each frame.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._codes: dict[int, tuple[str, str, Style | None]] = {id(None): ("", "", None), id(PLAIN): ("", "", PLAIN)}
        """What comes before and after text of a style, by the style's identity: Rich is slow to hash one."""
        self._size = (0, 0)
        self._texts: dict[Line, str] = {}
        """What was sent for each line of the frame before: views give the same one again where nothing changed."""
        self._shown: list[str] = []
        """The lines that are on the screen."""
        self._frames = 0

    def paint(self, canvas: Canvas, width: int, height: int, *, clear: bool) -> None:
        """Draw a canvas on a terminal of `width` x `height`, never in the last column."""
        lines, known = canvas.lines[:height], self._texts if width == self._size[0] else {}
        texts = [known.get(line) or self._line(line.within(width - 1)) for line in lines]
        whole = clear or self._size != (width, height) or self._frames % WHOLE_EVERY == 0
        before = [] if whole else self._shown
        changed = [number for number, text in enumerate(texts) if number >= len(before) or before[number] != text]
        placed = [f"{LINE_START.format(number + 1)}{texts[number]}{ERASE_REST}" for number in changed]
        if len(lines) < height and (whole or len(lines) < len(before)):
            placed.append(LINE_START.format(len(lines) + 1) + ERASE_BELOW)
        write(self._console.file, "".join([CLEAR if clear else "", *placed]))
        self._size, self._texts, self._shown = (width, height), dict(zip(lines, texts, strict=True)), texts
        self._frames += 1

    def _line(self, segments: Sequence[Segment]) -> str:
        pieces = []
        for text, style, _ in segments:
            before, after, _ = self._codes.get(id(style)) or self._learn(style)
            pieces.append(f"{before}{text}{after}")
        return "".join(pieces)

    def _learn(self, style: Style | None) -> tuple[str, str, Style | None]:
        with self._console.capture() as captured:
            self._console.print(_Sent("|", style), end="")
        before, _, after = captured.get().partition("|")
        self._codes[id(style)] = known = before, after, style
        return known


class _Sent:
    """Text as it goes to the terminal."""

    def __init__(self, text: str, style: Style | None = None) -> None:
        self._segment = Segment(text, style)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._segment


WHOLE_EVERY = 20
"""Every so many frames all lines are sent: others may have written to the terminal, where nobody can stop them."""
CLEAR = "\x1b[2J"
LINE_START = "\x1b[{};1H"
ERASE_REST = "\x1b[0K"
ERASE_BELOW = "\x1b[0J"
