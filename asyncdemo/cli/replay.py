"""`asyncdemo replay TRACE`: a saved recording once more, as the run that it is of would have been shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from typer.core import TyperArgument, TyperCommand

from asyncdemo import tracefile
from asyncdemo.cli import consoles, run_options, terminal
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.exporters import Run
from asyncdemo.trace import Trace

WITHOUT = ("loop", "clock", "scale", "seed", "timeout", "save", "fps")
"""The run options that say how to run: it has run already."""


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `replay` command."""
    return TyperCommand(
        "replay",
        help="Show a recording that --save wrote: to look around in on a terminal, its events elsewhere.",
        callback=_replay,
        params=[trace_argument(), *run_options.declared(*WITHOUT)],
    )


def trace_argument() -> TyperArgument:
    """The argument that takes a saved recording."""
    return TyperArgument(
        param_decls=["trace"], type=str, required=True, metavar="TRACE", help="a file that --save wrote"
    )


def _replay(trace: str, **given: Any) -> int:
    options = run_options.read(given)
    if options.output is not None:
        from asyncdemo.files import check_writable

        check_writable(options.output, force=options.force)
    recording = tracefile.load(trace)
    if len(recording.tasks) and _wants_pager(options) and _can_page():
        return _page(recording, options)
    show(recording, options)
    return 0


def _wants_pager(options: RunOptions) -> bool:
    """Whether somebody sits at a terminal and asked for nothing that a pager is not."""
    asked = options.output or options.view or options.width or options.critical or options.format != "auto"
    return not asked and terminal.can_animate(sys.stdout) and terminal.is_terminal(sys.stdin)


def _can_page() -> bool:
    from asyncdemo.pager import is_installed

    if is_installed():
        return True
    print("asyncdemo: to look around in a recording: pip install 'asyncdemo[replay]'", file=sys.stderr)
    return False


def _page(trace: Trace, options: RunOptions) -> int:
    """Opens the pager and returns the exit code; where a fault of its own ends it, the recording is still shown."""
    from asyncdemo.pager.app import view
    from asyncdemo.views.glyphs import glyphs_for

    if not terminal.wants_color(sys.stdout, options.color):
        os.environ["NO_COLOR"] = "1"
    console = consoles.console(sys.stdout, options.color, None)
    code, fault = view(trace, Run.of(trace), glyphs_for(console, ascii_only=options.ascii))
    if fault is not None:
        print(f"asyncdemo: the pager was switched off: {type(fault).__name__}: {fault}", file=sys.stderr)
        show(trace, options)
    return code


def show(trace: Trace, options: RunOptions) -> None:
    """Shows a finished recording.

    Raises:
        AsyncdemoError: the format cannot be had here, or its file cannot be written (exit code 2).
    """
    # A pager, which is to be there at once, needs none of these.
    from asyncdemo.cli.presenters import chosen_format, presenter
    from asyncdemo.cli.presenters.following import Following

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
