"""The pager on a terminal: Textual reads the keys and paints, `Screen` draws, `Viewpoint` moves."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from asyncdemo.pager.keys import KEYS
from asyncdemo.pager.screen import Run, Screen, Showing
from asyncdemo.pager.viewpoint import Viewpoint
from asyncdemo.pager.widgets import Chart, Help
from asyncdemo.trace import NONE, Trace
from asyncdemo.views.canvas import Line
from asyncdemo.views.glyphs import Glyphs
from asyncdemo.views.stalls import stall_text

FRAMES = 20
"""How often in a second playing draws."""
PLAYS_S = 10
"""A run is played back in about so many seconds, unless asked for otherwise."""
FASTER = 2
AT_ONCE = 8
"""So many cohorts more that have been worked out are drawn at once."""
WHEEL = 3
"""Lanes, or cells, that a notch of the wheel scrolls."""


class Pager(App[Exception | None]):
    """Shows a finished recording until `q` is pressed.

    Args:
        trace: the recording, with at least one task.
        run: what is known of its run.
        glyphs: the characters to draw with.

    The result is the fault that ended it, or None; `return_code` is the exit code.
    """

    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    CSS = """
    Screen { background: ansi_default; color: ansi_default; layers: below above; }
    Chart { width: 100%; height: 100%; layer: below; }
    Input { dock: bottom; layer: above; height: 1; border: none; padding: 0; display: none;
            background: ansi_default; color: ansi_default; }
    Input:focus { border: none; }
    Help { align: center middle; background: ansi_default; }
    Help > VerticalScroll { width: 100%; max-width: 92; height: auto; max-height: 100%; padding: 0 1;
                            background: ansi_default; color: ansi_default; scrollbar-size-vertical: 1; }
    """
    BINDINGS = [  # noqa: RUF012 - Textual's way
        *(Binding(key.keys, key.action, key.help, show=False) for key in KEYS),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]

    def __init__(self, trace: Trace, run: Run, glyphs: Glyphs) -> None:
        super().__init__(ansi_color=True)
        self._trace = trace
        self._picture = Screen(trace, run, glyphs)
        self._look = Viewpoint(trace.duration_ns, len(trace.tasks))
        self._showing = Showing()
        self._speed = _usual_speed(trace.duration_ns)
        self._played = monotonic()
        self._been: list[tuple[int, int]] = []
        self._stall = -1
        self._counting = False
        self._chart = Chart(self._lines)

    @property
    def viewpoint(self) -> Viewpoint:
        """Where one looks."""
        return self._look

    def compose(self) -> ComposeResult:
        """The chart, and a line to type a filter into."""
        yield self._chart
        yield Input(placeholder="name, state:failed, wait:Lock", compact=True)

    def on_mount(self) -> None:
        """A deadly signal gives the terminal back first."""
        if sys.platform != "win32":
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self.exit, None, 128 + number)

    def _lines(self, width: int, height: int) -> Sequence[Line]:
        try:
            return self._picture.lines(self._look, width, height, self._showing)
        except Exception as fault:  # noqa: BLE001 - a fault of the picture ends the pager, and the final view is shown
            self.exit(fault, 1)
            return []

    def _say(self, message: str = "") -> None:
        """Draw anew, with a message in the last line."""
        self._showing = replace(self._showing, message=message)
        self._chart.redraw()

    def action_interrupt(self) -> None:
        """Ctrl+C: out, with the exit code for it."""
        self.exit(None, 130)

    def action_help(self) -> None:
        """The keys."""
        self._pause()
        self.push_screen(Help())

    def action_select(self, rows: int) -> None:
        """Up or down."""
        self._look.move(rows)
        self._say()

    def action_page(self, direction: int) -> None:
        """A screen up or down."""
        self.action_select(direction * self._look.lanes)

    def action_edge(self, last: int) -> None:
        """To the first or the last task."""
        self._look.select(len(self._look.shown) if last else 0)
        self._say()

    def action_alive(self) -> None:
        """To the next task that there is at the moment, after the last one from the first on."""
        tasks, now, shown = self._trace.tasks, self._look.moment_ns, self._look.shown
        following = (self._look.selected // self._look.cohort + 1) * self._look.cohort
        for number in (*range(following, len(shown)), *range(min(following, len(shown)))):
            if tasks.created_ns[shown[number]] <= now < tasks.ended_ns[shown[number]]:
                self._look.select(number)
                self._say()
                return
        self._say("There is no task at this moment.")

    def action_gather(self, more: int) -> None:
        """More or fewer tasks a row."""
        look, least = self._look, self._picture.crowd(self._look).size
        if more and look.rows <= look.lanes:
            self._say("All tasks are on the screen.")
        elif more:
            self._gather(max(least, look.cohort * 2))
        else:
            self._gather(look.cohort // 2 if look.cohort > least else 1)

    def _gather(self, cohort: int) -> None:
        self._look.gather(cohort)
        self._say()
        if not self._counting:
            self._count()

    def _count(self) -> None:
        """Work out a cohort; the next one when there is nothing else to do."""
        crowd = self._picture.crowd(self._look)
        self._counting = self._look.cohort > 1 and not crowd.complete
        if self._counting:
            crowd.work()
            self.call_later(self._count)
            if crowd.complete or crowd.worked_out % AT_ONCE == 0:
                self._chart.redraw()

    def action_step(self, cells: int) -> None:
        """On or back in time."""
        self._look.step(cells)
        self._say()

    def action_pan(self, direction: int) -> None:
        """Half a screen on or back in time."""
        self._look.pan(direction * max(1, self._look.window.columns // 2))
        self._say()

    def action_begin(self) -> None:
        """To the beginning of the run."""
        self._look.go(0)
        self._say()

    def action_finish(self) -> None:
        """To the end of the run."""
        self._look.go(self._trace.duration_ns)
        self._say()

    def action_zoom(self, closer: int) -> None:
        """More or less time on the screen."""
        self._look.zoom(closer=bool(closer))
        self._say()

    def action_whole(self) -> None:
        """All of the time on the screen."""
        self._look.whole()
        self._say()

    def action_details(self) -> None:
        """Open or close the pane; where it is open of itself the first press closes it. A cohort becomes its tasks."""
        if self._look.cohort > 1:
            self._gather(1)
            return
        self._showing = replace(self._showing, details=not self._picture.has_details(self._showing))
        self._say()

    def action_follow(self, steps: int) -> None:
        """To the next step of the selected task, or to the one before."""
        task = self._look.task
        if task is None:
            self._say(self._why_none())
            return
        rows = self._picture.lives.steps(task)
        number = self._picture.lives.step_at(task, self._look.moment_ns)
        if steps < 0 and number >= 0 and self._trace.steps.start_ns[rows[number]] < self._look.moment_ns:
            number += 1
        if not 0 <= number + steps < len(rows):
            self._say("This is its last step." if steps > 0 else "This is its first step.")
            return
        self._look.go(self._trace.steps.start_ns[rows[number + steps]])
        self._say()

    def action_waker(self) -> None:
        """To who woke the selected task to its step of now."""
        task, lives = self._look.task, self._picture.lives
        chain = lives.woken_by(task, lives.step_due(task, self._look.moment_ns), 1) if task is not None else []
        if task is None:
            self._say(self._why_none())
        elif not chain:
            self._say("It never ran, so nobody woke it.")
        elif chain[0].waker < 0:
            self._say(f"It was woken by no task: {self._trace.actor_text(chain[0].waker)}.")
        else:
            self._been.append((task, self._look.moment_ns))
            self._visit(chain[0].waker, self._trace.steps.ready_ns[chain[0].step])
            self._say(f"{self._picture.names[chain[0].waker]} woke {self._picture.names[task]} at this moment. b: back")

    def _why_none(self) -> str:
        """Why no task is selected."""
        return "This is a cohort. Enter: its tasks." if self._look.cohort > 1 else "There is no task."

    def action_return(self) -> None:
        """To where one came from."""
        if not self._been:
            self._say("There is nowhere to go back to.")
            return
        self._visit(*self._been.pop())
        self._say()

    def _visit(self, task: int, moment_ns: int) -> None:
        """Look at a task, even if it is filtered out or in a cohort, and at a moment of it."""
        if task != NONE and self._look.cohort > 1:
            self._look.gather(1)
        if task != NONE and not self._look.select_task(task):
            self._unfilter()
            self._look.select_task(task)
        self._look.go(moment_ns)

    def action_stall(self) -> None:
        """To the longest stall, or the next longest."""
        stalls = self._picture.stalls
        if not stalls:
            least = self._trace.meta.get("stall_ns", 0)
            self._say(f"The loop was never blocked for longer than {least / 1e6:g} ms.")
            return
        self._stall = (self._stall + 1) % len(stalls)
        stall = stalls[self._stall]
        self._been.append((self._look.task if self._look.task is not None else NONE, self._look.moment_ns))
        self._visit(stall.task, stall.start_ns)
        self._look.look_at(stall.start_ns, stall.end_ns)
        self._say(f"{self._stall + 1} of {len(stalls)}: {stall_text(self._trace, stall, self.size.width - 12)}")

    def action_critical(self) -> None:
        """Mark the critical path, or no longer."""
        self._showing = replace(self._showing, critical=not self._showing.critical)
        if not self._showing.critical:
            self._say()
            return
        who = self._picture.decides(self._look.moment_ns)
        name = self._picture.names[who] if who != NONE else "No task"
        self._say(f"{name} decides at this moment how long the run takes.")

    def action_filter(self) -> None:
        """Ask for words."""
        self._pause()
        box = self.query_one(Input)
        box.value = self._showing.filtered
        box.display = True
        box.focus()

    def action_unfilter(self) -> None:
        """Leave the line for the filter; there is none any more."""
        self._close_filter()
        self._unfilter()
        self._say()

    def _unfilter(self) -> None:
        self._showing = replace(self._showing, filtered="")
        self._look.show(range(len(self._trace.tasks)))

    def _close_filter(self) -> None:
        self.query_one(Input).display = False
        self.set_focus(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the line for the filter."""
        self._close_filter()
        text = event.value.strip()
        self._showing = replace(self._showing, filtered=text)
        self._look.show(self._picture.filter.matching(text, self._look.moment_ns))
        self._say()

    def action_play(self) -> None:
        """Play from the moment on, from the beginning when that is the end, or pause."""
        if self._showing.playing:
            self._pause()
            return
        if self._look.moment_ns >= self._trace.duration_ns:
            self._look.go(0)
        self._showing = replace(self._showing, playing=self._speed, message="")
        self._played = monotonic()
        self._timer = self.set_interval(1 / FRAMES, self._play_on)
        self._chart.redraw()

    def action_faster(self, faster: int) -> None:
        """Twice or half the speed."""
        self._speed = self._speed * FASTER if faster else self._speed / FASTER
        if self._showing.playing:
            self._showing = replace(self._showing, playing=self._speed)
        self._say(f"{self._speed:g}x: a second of the run takes {1 / self._speed:g} s.")

    def _pause(self) -> None:
        if self._showing.playing:
            self._timer.stop()
            self._showing = replace(self._showing, playing=None)
            self._chart.redraw()

    def _play_on(self) -> None:
        """The next frame; the run goes on by as much time as has passed since the one before."""
        now = monotonic()
        passed, self._played = now - self._played, now
        self._look.follow(self._look.moment_ns + round(passed * self._speed * 1e9))
        if self._look.moment_ns >= self._trace.duration_ns:
            self._pause()
        self._chart.redraw()

    def on_click(self, event: events.Click) -> None:
        """Select the task and the moment that were clicked."""
        number = self._picture.lane_at(self._look, event.y)
        if number is None:
            return
        self._look.select(number)
        column = event.x - self._picture.frame(*self.size).label
        if 0 <= column < self._look.window.columns:
            self._look.go(self._look.window.start_ns + column * self._look.window.cell_ns)
        self._say()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel, upwards."""
        self._wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel, downwards."""
        self._wheel(event, 1)

    def _wheel(self, event: events.MouseEvent, direction: int) -> None:
        if event.ctrl:
            self._look.zoom(closer=direction < 0)
        elif event.shift:
            self._look.pan(direction * WHEEL)
        else:
            self._look.scroll(direction * WHEEL)
        self._say()


def _usual_speed(duration_ns: int) -> float:
    """At which a run is played back in about `PLAYS_S`, rounded to a power of two: 1 is as fast as it was."""
    speed, wanted = 1.0, max(duration_ns, 1) / 1e9 / PLAYS_S
    while speed * FASTER <= wanted:
        speed *= FASTER
    while speed > wanted * FASTER:
        speed /= FASTER
    return speed


def view(trace: Trace, run: Run, glyphs: Glyphs) -> tuple[int, Exception | None]:
    """Open the pager on the terminal, until it is closed.

    Returns:
        The exit code, and the fault that ended it, if one did: then there is still a picture to be shown.
    """
    pager = Pager(trace, run, glyphs)
    # Nothing of the recording becomes garbage: it need not be looked through again and again while keys are pressed.
    gc.freeze()
    fault = pager.run()
    return pager.return_code or 0, fault
