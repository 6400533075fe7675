"""Two recordings side by side: what changed, the greatest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from asyncdemo.quantities import format_duration
from asyncdemo.views.canvas import Canvas, Line, fit, width_of
from asyncdemo.views.glyphs import FAINT, PLAIN, TITLE, WAITING, Glyphs, glyphs_for
from asyncdemo.views.units import count, counted

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.style import Style

    from asyncdemo.diff import Change, Changed, Diff

    _Block = tuple[str, str, list[Change]]
    """A title, what is said beside it, and rows."""

FIGURE, NARROW_FIGURE, NARROW = 11, 9, 60
LEAST_NAME, LONGEST_NAME = 8, 48
ALWAYS = ("wall", "tasks", "loop late p99")
"""Figures of the whole that are shown, changed or not."""
HOUR_NS = 3_600_000_000_000
TWICE = 2
"""From so many times on a ratio reads better than a percentage."""
LEAST_DECIDED = 0.1
"""What makes up this share of a run is always shown of what decided its total."""


class DiffView:
    """Draws what changed between two recordings.

    Args:
        diff: what changed.
        names: what the two are called.
        everything: whether what has not changed by more than two runs of the same thing may is shown too.
        ascii_only: whether to draw with ASCII alone.
    """

    def __init__(
        self, diff: Diff, names: tuple[str, str], *, everything: bool = False, ascii_only: bool = False
    ) -> None:
        self.diff = diff
        self.names = names
        self.everything = everything
        self.ascii_only = ascii_only

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the whole, what decided the total, and the coroutines."""
        blocks = list(self._blocks())
        longest = max(width_of(_short(row.what)) for _, _, rows in blocks for row in rows)
        table = _Table(options.max_width - 1, glyphs_for(console, ascii_only=self.ascii_only), longest)
        yield Canvas(self._lines(table, blocks))

    def _blocks(self) -> Iterator[_Block]:
        """The tables that there is something in; the first one, of the whole, has no title."""
        diff = self.diff
        yield "", "", self._of(diff.whole, lambda row: row.what in ALWAYS)
        longest = LEAST_DECIDED * max(diff.before.wall_ns, diff.after.wall_ns)
        if decided := self._of(diff.decided, lambda row: max(row.before, row.after) >= longest):
            yield "what decided the total", "computed, along who woke whom", decided
        for each in diff.coroutines:
            if rows := self._of(each.changes):
                yield _short(each.coro), _about(each), rows

    def _of(self, rows: Sequence[Change], always: Callable[[Change], bool] = lambda _: False) -> list[Change]:
        return [row for row in rows if row.notable or self.everything or always(row)]

    def _lines(self, table: _Table, blocks: Sequence[_Block]) -> Iterator[Line]:
        yield from table.head(self.names)
        for note in self.diff.notes:
            yield from table.said(note, table.glyphs.stall)
        for title, more, rows in blocks:
            if title:
                yield from table.title(title, more)
            yield from map(table.row, rows)
        yield from table.said(self._rest())

    def _rest(self) -> str:
        """What is not shown, and by which rule."""
        if self.diff.exact:
            return "virtual time: exact" + ("" if self.diff.notable else ", and nothing has changed")
        told = "nothing else has changed" if self.diff.notable else "nothing has changed"
        return f"{told}, as far as single runs can tell" + ("" if self.everything else "; --all shows every figure")


class _Table:
    """Rows of a name and three figures."""

    def __init__(self, width: int, glyphs: Glyphs, name: int) -> None:
        self.width = width
        self.glyphs = glyphs
        self._figure = min(NARROW_FIGURE if width < NARROW else FIGURE, max(3, (width - 2 - LEAST_NAME) // 3))
        room = width - 2 - 3 * self._figure
        self._name = max(LEAST_NAME, min(room, LONGEST_NAME, name))

    def head(self, names: tuple[str, str]) -> Iterator[Line]:
        """What the columns are."""
        yield from self.said(f"{names[0]} {self.glyphs.bar} {names[1]}")
        yield self._line("", ("first", "second", "change"), FAINT)

    def title(self, text: str, more: str) -> Iterator[Line]:
        """An empty line, and what the next rows are of."""
        yield Line()
        line = Line(fit(text, min(width_of(text), self.width), self.glyphs.cut), TITLE)
        yield line.put(f"  {more}", FAINT) if line.width + 2 + len(more) <= self.width else line

    def said(self, sentence: str, mark: str = "") -> Iterator[Line]:
        """A sentence, on as many lines as it needs."""
        for number, part in enumerate(wrap(sentence, self.width - 2)):
            line = Line(mark if mark and not number else "", WAITING).to(2 if mark else 0)
            yield line.put(part, PLAIN if mark else FAINT)

    def row(self, change: Change) -> Line:
        """One figure of both."""
        show = _time if change.is_time else count
        how = _how(change, self.glyphs) if change.notable else ""
        return self._line(_short(change.what), (show(change.before), show(change.after), how))

    def _line(self, name: str, figures: Iterable[str], style: Style = PLAIN) -> Line:
        line = Line(" " * 2).put(fit(name, self._name, self.glyphs.cut), style)
        for figure in figures:
            # Without its end a figure would be another one.
            shown = figure if len(figure) < self._figure else fit(figure, self._figure - 1, self.glyphs.cut)
            line.put(shown.rjust(self._figure), style)
        return line


def _time(ns: int) -> str:
    """A duration, which may be the sum over very many tasks."""
    return f"{ns / HOUR_NS:,.1f} h" if ns >= HOUR_NS else format_duration(ns)


def _about(each: Changed) -> str:
    if each.before and each.after:
        return counted(each.after, "task") if each.before == each.after else ""
    return "only in the second" if each.after else "only in the first"


def _short(coro: str) -> str:
    """A coroutine's name without the function that it is defined in."""
    return coro.rpartition("<locals>.")[2]


def _how(change: Change, glyphs: Glyphs) -> str:
    """How much it has changed: `+35 %`, `3.1x`, `+4`, `new`, `gone`."""
    if not change.before or not change.after:
        return "new" if change.after else "gone"
    ratio = change.after / change.before
    if change.unit == "count" and abs(change.after - change.before) < change.before:
        return f"{change.after - change.before:+,}"
    if ratio >= TWICE:
        return f"{ratio:.1f}{glyphs.times}"
    return f"{ratio - 1:+.0%}"
