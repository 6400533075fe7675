"""The console that pictures are printed on."""

from __future__ import annotations

import os
from typing import IO

from rich.console import Console


def build_console(stream: IO[str], *, coloured: bool, width: int | None = None) -> Console:
    """A console on `stream`. What a stream can show is for the caller to say.

    Args:
        stream: where to print.
        coloured: whether to write colours.
        width: columns; else those of the terminal, which are followed when they change.
    """
    terminal = stream.isatty()
    return Console(
        file=stream,
        width=width,
        force_terminal=coloured or terminal,
        no_color=not coloured,
        color_system=("auto" if terminal else "256") if coloured else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        legacy_windows=False,
        # Without a TERM Rich takes a terminal for one that can do nothing.
        _environ={"TERM": "xterm", **os.environ},
    )
