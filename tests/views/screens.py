"""What the final view draws, as text."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from asyncdemo.trace import Trace
from asyncdemo.views.canvas import Line
from asyncdemo.views.console import build_console
from asyncdemo.views.final import final


@dataclass(frozen=True)
class Ran:
    """What ran."""

    command: str = "semaphore"
    about: tuple[str, ...] = ()
    ideal_ns: int | None = None
    ideal_more: str = ""


def screen(trace: Trace, width: int, run: Ran | None = None, **options: Any) -> list[str]:
    """The final view's lines, without colour and without the blanks at their ends."""
    stream = io.StringIO()
    console = build_console(stream, coloured=False, width=width)
    options.setdefault("lines", False)
    console.print(final(trace, run or Ran(), **options), end="")
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def texts(lines: Iterable[Line]) -> list[str]:
    """The lines as text, without the blanks at their ends."""
    return [line.text.rstrip() for line in lines]
