"""The formats: what is shown while a run goes on, and what when it is over."""

from __future__ import annotations

import sys
from typing import Protocol

from asyncdemo.cli import terminal
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.exporters import Run
from asyncdemo.recorder import Recorder
from asyncdemo.trace import Trace


class Presenter(Protocol):
    """A way to show a run.

    Attributes:
        holds_output: whether the recorder keeps what the program prints from the terminal, for it is shown otherwise.
        observer: who looks on while the program runs, for looking costs time.
    """

    holds_output: bool
    observer: str

    def start(self, recorder: Recorder, run: Run) -> None:
        """The recording is about to begin."""

    def stop(self, trace: Trace) -> str | None:
        """The recording has ended: restores the terminal. Returns what went wrong with the showing, or None."""

    def conclude(self, trace: Trace, run: Run) -> None:
        """Shows the whole."""


def chosen_format(options: RunOptions, *, script: bool) -> str:
    """The format that `auto` stands for.

    It goes by the ending of `--output`; else it is live on a terminal, a script's own output with the picture aside
    elsewhere, and plain for a concept.

    Raises:
        AsyncdemoError: live was asked for and stdout is no terminal (exit code 2).
    """
    animates = terminal.can_animate(sys.stdout) and options.output is None
    if options.format == "live" and not animates:
        raise AsyncdemoError("--format live needs a terminal to draw on.\nUse --format plain elsewhere.", USAGE)
    if options.format != "auto":
        return options.format
    if options.output is not None and options.output.endswith(".txt"):
        return "plain"
    if options.output is not None:
        from asyncdemo import exporters

        return exporters.for_file(options.output).name
    if animates:
        return "live"
    return "aside" if script else "plain"


def presenter(name: str, options: RunOptions) -> Presenter:
    """The presenter for a format, one that `chosen_format` returns. Only what it needs is imported."""
    if name == "quiet":
        from asyncdemo.cli.presenters.quiet import Quiet

        return Quiet()
    if name == "live":
        from asyncdemo.cli.presenters.live import Live

        return Live(options)
    if name == "plain":
        from asyncdemo.cli.presenters.plain import Plain

        return Plain(options)
    if name == "aside":
        from asyncdemo.cli.presenters.aside import Aside

        return Aside(options)
    if name == "ndjson":
        from asyncdemo.cli.presenters.stream import Stream

        return Stream(options)
    from asyncdemo.cli.presenters.export import Export

    return Export(options, name)
