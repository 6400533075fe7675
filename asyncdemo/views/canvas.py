"""A screen as lines of styled text: the cheapest thing that Rich can draw."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

from asyncdemo.views.glyphs import FAINT, PLAIN

ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """Text of the program's own, without what would move the cursor or change colours; a newline becomes a blank."""
    return ESCAPES.sub("", text.replace("\n", " ").replace("\t", "    "))


@lru_cache(4096)
def width_of(text: str) -> int:
    """Cells that a text takes on a terminal."""
    return len(text) if text.isascii() else cell_len(text)


@lru_cache(4096)
def fit(text: str, width: int, cut: str) -> str:
    """The text in exactly `width` cells; when it is too long its end stays, because names differ there."""
    text = clean(text)
    if width_of(text) <= width:
        return text + " " * (width - width_of(text))
    tail = min(3, width // 3)
    head = max(0, width - tail - 1)
    return set_cell_size(set_cell_size(text, head) + cut + text[len(text) - tail :], width)


class Line:
    """One line of a screen, written from left to right."""

    __slots__ = ("segments", "width")

    def __init__(self, text: str = "", style: Style = PLAIN) -> None:
        self.segments: list[Segment] = []
        self.width = 0
        if text:
            self.put(text, style)

    @property
    def text(self) -> str:
        """What stands on the line."""
        return "".join(segment.text for segment in self.segments)

    def copy(self) -> Line:
        """Another line with the same on it."""
        line = Line()
        line.segments, line.width = self.segments.copy(), self.width
        return line

    def put(self, text: str, style: Style = PLAIN, width: int | None = None) -> Line:
        """Append text, which is `width` cells wide where that is known; returns the line."""
        if text:
            self.segments.append(Segment(text, style))
            self.width += width_of(text) if width is None else width
        return self

    def to(self, column: int) -> Line:
        """Fill with blanks up to `column`; returns the line."""
        missing = column - self.width
        return self.put(" " * missing, PLAIN, missing) if missing > 0 else self

    def over(self, column: int, text: str, style: Style) -> Line:
        """Write one cell over what stands at `column`, or over blanks where the line is shorter; returns the line."""
        self.to(column)
        left, _, *right = Segment.divide([*self.segments, Segment(" ")], [column, column + 1, self.width])
        self.segments = [*left, Segment(text, style), *(right[0] if self.width > column + 1 else [])]
        self.width = max(self.width, column + 1)
        return self

    def within(self, width: int) -> list[Segment]:
        """The line's segments, cut off at `width`."""
        if self.width <= width:
            return self.segments
        return Segment.adjust_line_length(self.segments, width, pad=False)


class Canvas:
    """Lines as a Rich renderable; nothing is ever drawn in the last column."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = list(lines)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines' segments."""
        for line in self.lines:
            yield from line.within(options.max_width - 1)
            yield Segment.line()


def folded(text: str, width: int, indent: int = 0, *, at_words: bool = True) -> Iterator[str]:
    """The text in pieces of at most `width` cells, broken between words where it can be; `indent` begins all but one.

    Args:
        text: on one line, without control characters.
        width: cells, at least 1.
        indent: blanks before each piece but the first, where there is room for as many and more.
        at_words: whether a piece ends with a word when it can.
    """
    blanks = " " * (indent if indent <= width // 2 and indent + 2 <= width else 0)
    while width_of(text) > width and len(text) > 1:
        end = 1
        while end < len(text) and width_of(text[: end + 1]) <= width:
            end += 1
        space = text.rfind(" ", 0, end + 1) if at_words else -1
        if text[: max(space, 0)].strip():
            yield text[:space]
            text = blanks + text[space:].lstrip(" ")
        else:
            yield text[:end]
            text = blanks + text[end:]
    yield text


def wrapped(items: Iterable[Line], width: int, between: str = "  ") -> Iterator[Line]:
    """Put short lines next to each other as long as they fit into `width`."""
    line = Line()
    for item in items:
        if line.width and line.width + len(between) + item.width > width:
            yield line
            line = Line()
        line.put(between if line.width else "", FAINT)
        for segment in item.segments:
            line.put(segment.text, segment.style or PLAIN)
    if line.width:
        yield line
