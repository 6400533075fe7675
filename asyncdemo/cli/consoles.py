"""Where results are written, and Rich consoles on top of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from asyncdemo.cli import terminal
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import USAGE, AsyncdemoError

if TYPE_CHECKING:
    from rich.console import Console


def results(options: RunOptions) -> TextIO:
    """Where the results of a run go: `--output`, or stdout.

    Raises:
        AsyncdemoError: the file cannot be written (exit code 2).
    """
    if options.output is None:
        return own(sys.stdout, ascii_only=options.ascii)
    try:
        return open(options.output, "w", encoding="ascii" if options.ascii else "utf-8", errors="replace", buffering=1)
    except OSError as error:
        raise AsyncdemoError(f"--output {options.output} cannot be written: {error.strerror}.", USAGE) from None


def own(stream: TextIO, *, ascii_only: bool = False) -> TextIO:
    """A second stream to where `stream` goes, which stays what it is when the program replaces or redirects the first.

    What it cannot encode becomes a question mark; with `ascii_only` that is all but ASCII.
    """
    stream.flush()
    try:
        descriptor = os.dup(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return stream
    encoding = "ascii" if ascii_only else stream.encoding
    return open(descriptor, "w", encoding=encoding, errors="replace", buffering=1)


@contextmanager
def finishing(stream: TextIO) -> Iterator[TextIO]:
    """Closes a stream of `results` or `own` in the end, and leaves the interpreter's own ones open."""
    try:
        yield stream
    finally:
        if stream in {sys.stdout, sys.stderr}:
            stream.flush()
        else:
            stream.close()


def console(stream: TextIO, color: str, width: int | None) -> Console:
    """A console that draws on `stream`; without a `width` it has that of the stream, even if it changes."""
    from asyncdemo.views.console import build_console

    columns = None if terminal.is_terminal(stream) else terminal.columns(stream)
    return build_console(stream, coloured=terminal.wants_color(stream, color), width=width or columns)
