"""`asyncdemo export TRACE -o FILE`: a saved recording in another format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

from asyncdemo import exporters, tracefile
from asyncdemo.cli import replay, run_options
from asyncdemo.cli.presenters import chosen_format
from asyncdemo.cli.session import check_files
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.exporters import Run
from asyncdemo.files import write_whole


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `export` command."""
    return TyperCommand(
        "export",
        help=f"Write a recording that --save wrote in another format, after the ending of FILE: {_endings()}.",
        callback=_export,
        params=[replay.trace_argument(), *run_options.declared(*replay.WITHOUT, "quiet", "json")],
    )


def _export(trace: str, **given: Any) -> None:
    options = run_options.read(given)
    if options.output is None:
        raise AsyncdemoError(
            f"There is no file to export to.\nName one with -o FILE: its ending is {_endings()}.", USAGE
        )
    name = chosen_format(options, script=False)
    check_files(options)
    found = tracefile.load(trace)
    if name not in exporters.formats():
        replay.show(found, options)
        return
    pieces = exporters.find(name).export(found, Run.of(found))
    try:
        write_whole(options.output, (piece.encode() for piece in pieces))
    except OSError as error:
        raise AsyncdemoError(
            f"-o {options.output} could not be written: {error.strerror}.\nWhat was there before is unchanged."
        ) from error


def _endings() -> str:
    *some, last = (f".{each.extension}" for each in exporters.formats().values())
    return f"{', '.join(some)}, {last} or .txt"
