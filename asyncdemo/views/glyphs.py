"""Glyphs and colours: state is glyph and fill first, hue second; text keeps the terminal's own foreground."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from rich.console import Console
from rich.style import Style

from asyncdemo.timeline import State
from asyncdemo.trace import Outcome


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One character for each thing; strings hold one for each level or state."""

    states: str
    """By the number of the `State`."""
    ok: str
    failed: str
    cancelled: str
    timed_out: str
    destroyed: str
    running: str
    waiting: str
    levels: str
    """A curve's heights, from just above zero to full."""
    shades: str
    """A heat map's shades, from just above zero to full."""
    stall: str
    line: str
    tick: str
    bar: str
    dot: str
    cut: str
    times: str
    """Between a ratio's number and "faster": the multiplication sign."""
    moment: str
    """What points at a moment from above and from below."""
    chain: str
    """Between who was woken and who woke."""
    critical: str
    """Where the critical path enters a lane."""


UNICODE = Glyphs(
    " ·─░▒██", "✓", "✗", "⊘", "◷", "†", "▸", "◌", "▁▂▃▄▅▆▇█", "░▒▓█", "!", "─", "┬", "│", "·", "…", "x", "▾▴", "←", "◆"
)
ASCII = Glyphs(
    " :-.=##", "+", "x", "/", "T", "D", ">", "o", "_.-=+*%#", ".-=#", "!", "-", "+", "|", ".", "~", "x", "v^", "<", "*"
)

PLAIN = Style.null()
TITLE = Style(bold=True)
FAINT = Style(dim=True)
OK = Style(color="green")
FAILED = Style(color="red")
CANCELLED = Style(color="magenta")
WAITING = Style(color="yellow")
WORKING = Style(color="blue")
STALL = Style(color="red", bold=True)

STATE_STYLES = {
    State.NONE: PLAIN,
    State.READY: PLAIN,
    State.TASKS: FAINT,
    State.WAIT: WAITING,
    State.SLEEP: WORKING,
    State.RUN: PLAIN,
    State.HOLD: WORKING,
}


def encodable(glyphs: Glyphs, encoding: str) -> bool:
    """Whether a stream with this encoding can show every glyph."""
    try:
        "".join(astuple(glyphs)).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def glyphs_for(console: Console, *, ascii_only: bool = False) -> Glyphs:
    """The Unicode set where the console can show it and nobody asked for ASCII."""
    if ascii_only or console.options.ascii_only or not encodable(UNICODE, console.encoding):
        return ASCII
    return UNICODE


def status(glyphs: Glyphs, outcome: int, error: str, *, waits: bool) -> tuple[str, Style]:
    """A task's glyph: how it ended, or whether it waits or is at work."""
    if outcome == Outcome.RETURNED:
        return glyphs.ok, OK
    if outcome == Outcome.CANCELLED:
        return glyphs.cancelled, CANCELLED
    if outcome == Outcome.DESTROYED:
        return glyphs.destroyed, FAILED
    if outcome == Outcome.RAISED:
        timed_out = error.startswith("TimeoutError")
        return (glyphs.timed_out if timed_out else glyphs.failed), FAILED
    return (glyphs.waiting, WAITING) if waits else (glyphs.running, PLAIN)


def curve(glyphs: Glyphs, values: Iterable[float], full: float) -> str:
    """A row of bars whose height is the value's share of `full`; blank where it is zero."""
    levels = glyphs.levels
    top = len(levels)
    if full <= 0:
        return ""
    bars = f" {levels}"
    return "".join([bars[min(top, round(value / full * top) or 1)] if value > 0 else " " for value in values])
