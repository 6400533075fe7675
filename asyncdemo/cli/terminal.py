"""What a stream can show: colours, animation, how many columns."""

from __future__ import annotations

import os
from typing import TextIO

_COLUMNS = 80


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks at `stream` as it is written."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def can_animate(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that can move its cursor, whatever FORCE_COLOR says."""
    return is_terminal(stream) and os.environ.get("TERM") not in {"dumb", "unknown"}


def wants_color(stream: TextIO, choice: str = "auto") -> bool:
    """Whether to write colours: by `--color` first, then NO_COLOR, FORCE_COLOR, and what `stream` is."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return os.environ.get("FORCE_COLOR", "0") not in {"", "0", "false"} or can_animate(stream)


def columns(stream: TextIO) -> int:
    """How wide `stream` is: COLUMNS, else its terminal's width, else 80."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except (OSError, ValueError, AttributeError):
        return _COLUMNS
