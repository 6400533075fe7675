"""What is told when the measuring is over: the results, and which row is slower than it was."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from asyncdemo import compare
from asyncdemo.cli import consoles
from asyncdemo.cli.measuring.options import Wanted
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.compare import baseline as baselines

if TYPE_CHECKING:
    from rich.console import Console


def verdict_of_baseline(comparison: compare.Comparison, wanted: Wanted) -> list[compare.Verdict]:
    """How each row compares with the baseline's, in the order of the rows; nothing without one."""
    baseline = wanted.baseline
    return [baseline.verdict(standing) for standing in comparison.standings] if baseline else []


def check_slower(verdicts: Sequence[compare.Verdict], wanted: Wanted) -> int:
    """Says which row is slower than the baseline by more than `--fail-if-slower` allows; returns the exit code."""
    if wanted.fail_percent is None:
        return 0
    code = 0
    for verdict in verdicts:
        if baselines.tripped(verdict, wanted.fail_percent):
            code = 1
            slower = (1 / verdict.ratio.times - 1) * 100 if verdict.ratio.times else float("inf")
            path = wanted.baseline.path if wanted.baseline else ""
            print(
                f"asyncdemo: {verdict.subject.title} is {slower:.1f}% slower than in {path}: "
                f"--fail-if-slower {wanted.fail_percent:g}%",
                file=sys.stderr,
            )
    return code


def show(options: RunOptions, document: Mapping[str, Any], view: Callable[[Console], Any]) -> None:
    """Writes results: `document` where JSON was asked for, otherwise what `view` makes for the console."""
    with consoles.finishing(consoles.results(options)) as stream:
        if options.format == "json":
            json.dump(document, stream, indent=2)
            stream.write("\n")
            return
        console = consoles.console(stream, options.color, options.width)
        with console.capture() as capture:
            console.print(view(console), end="")
        stream.write(capture.get())
        stream.flush()
