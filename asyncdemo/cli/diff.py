"""`asyncdemo diff A B`: what changed between two saved recordings of a program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperOption

from asyncdemo import __version__, tracefile
from asyncdemo.cli import run_options
from asyncdemo.cli.consoles import console, finishing, results
from asyncdemo.cli.session import check_files

WITHOUT = ("loop", "clock", "scale", "seed", "timeout", "format", "save", "view", "fps", "quiet", "critical")
"""The run options that say how to run, or how to show a single run."""


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `diff` command."""
    everything = TyperOption(
        param_decls=["--all", "-a", "everything"],
        is_flag=True,
        default=False,
        help="also show what has not changed by more than two runs of the same thing may",
    )
    return TyperCommand(
        "diff",
        help="Say what changed between two recordings of a program: counts, outcomes, waits, lateness, stalls.",
        callback=_diff,
        params=[
            _argument("before", "a file that --save wrote"),
            _argument("after", "another one, of a later run or of a changed program"),
            everything,
            *run_options.declared(*WITHOUT),
        ],
    )


def _argument(name: str, help_: str) -> TyperArgument:
    return TyperArgument(param_decls=[name], type=str, required=True, metavar=name.upper(), help=help_)


def _diff(before: str, after: str, *, everything: bool, **given: Any) -> None:
    from asyncdemo.diff import compared, document
    from asyncdemo.views.diff import DiffView

    options = run_options.read(given)
    check_files(options)
    found = compared(tracefile.load(before), tracefile.load(after))
    with finishing(results(options)) as stream:
        if options.format == "json":
            stream.write(json.dumps(document(found, (before, after), __version__)) + "\n")
            return
        view = DiffView(found, (before, after), everything=everything, ascii_only=options.ascii)
        console(stream, options.color, options.width).print(view, end="")
