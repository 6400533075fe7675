"""`asyncdemo replay TRACE`: a saved recording once more, as the run that it is of would have been shown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from typer.core import TyperArgument, TyperCommand

from asyncdemo import tracefile
from asyncdemo.cli import run_options
from asyncdemo.cli.presenters import chosen_format, presenter
from asyncdemo.cli.presenters.following import Following
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.cli.session import check_files
from asyncdemo.exporters import Run
from asyncdemo.trace import Trace

WITHOUT = ("loop", "clock", "scale", "seed", "timeout", "save", "fps")
"""The run options that say how to run: it has run already."""


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `replay` command."""
    return TyperCommand(
        "replay",
        help="Show a recording that --save wrote: its timeline on a terminal, its events elsewhere.",
        callback=_replay,
        params=[trace_argument(), *run_options.declared(*WITHOUT)],
    )


def trace_argument() -> TyperArgument:
    """The argument that takes a saved recording."""
    return TyperArgument(
        param_decls=["trace"], type=str, required=True, metavar="TRACE", help="a file that --save wrote"
    )


def _replay(trace: str, **given: Any) -> None:
    options = run_options.read(given)
    check_files(options)
    show(tracefile.load(trace), options)


def show(trace: Trace, options: RunOptions) -> None:
    """Shows a finished recording.

    Raises:
        AsyncdemoError: the format cannot be had here, or its file cannot be written (exit code 2).
    """
    run, name = Run.of(trace), chosen_format(options, script=False)
    shown = presenter(name, options)
    if isinstance(shown, Following):
        shown.start(_Over(), run)
        if fault := shown.stop(trace):
            print(f"asyncdemo: {fault}", file=sys.stderr)
    shown.conclude(trace, run)


class _Over:
    """A recording in which nothing happens any more: all of it is handed over in the end."""

    def snapshot(self, _: Any = None) -> tuple[Trace, Any]:
        return Trace(), None
