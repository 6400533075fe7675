"""The final picture of a run."""

from __future__ import annotations

import sys
from typing import TextIO

from asyncdemo import catalog, findings
from asyncdemo.cli import consoles
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.exporters import Run
from asyncdemo.findings import Finding, Severity
from asyncdemo.trace import Trace
from asyncdemo.views.final import Final

MOST_STEPS = 200_000
"""Of a run of more steps `asyncdemo check` tells what went wrong; the picture alone does not."""


def draw(stream: TextIO, options: RunOptions, trace: Trace, run: Run, *, lines: bool = False) -> None:
    """Writes the final picture to `stream`, with `lines` also what the program printed.

    It is written at once, so that a reader who is gone is noticed here: BrokenPipeError. Where no task ran there is
    nothing to draw.
    """
    if not len(trace.tasks):
        if not run.exit_code:
            print(f"asyncdemo: {run.command} {_nothing(trace)}.", file=sys.stderr)
        return
    console = consoles.console(stream, options.color, options.width)
    with console.capture() as capture:
        said = _findings(trace)
        following, critical = _next(run.command), options.critical
        final = Final(trace, run, options.view, lines, following, findings=said, critical=critical)
        console.print(final, end="", crop=False)
    stream.write(capture.get())
    stream.flush()


def _findings(trace: Trace) -> list[Finding]:
    """What went wrong in a run, but for notes; nothing of one so big that looking would keep the user waiting."""
    if len(trace.steps) > MOST_STEPS:
        return []
    return [each for each in findings.check(trace).findings if each.severity > Severity.NOTE]


def _nothing(trace: Trace) -> str:
    """Why there is nothing to draw."""
    scope = trace.meta.get("scope", {})
    if scope.get("since_s") and "started" not in trace.meta:
        return f"ended before the recording was to begin (--since {scope['since_s']:g}s)"
    if not len(trace.loops):
        return "ran, but no event loop was started"
    return "ran, but none of the tasks that were to be recorded did" if scope else "ran no asyncio task"


def _next(name: str) -> str:
    """The concept after the one called `name`, or "" when it is the last or none."""
    names = [each.name for each in catalog.concepts()]
    following = names.index(name) + 1 if name in names else len(names)
    return names[following] if following < len(names) else ""
