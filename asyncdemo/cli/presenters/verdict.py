"""The findings of a run: as text after the program's own output, or in a format for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from asyncdemo import findings
from asyncdemo.cli import consoles
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import USAGE
from asyncdemo.exporters import Run
from asyncdemo.findings import Report, Selection, formats
from asyncdemo.recorder import Recorder
from asyncdemo.timeline import critical_path
from asyncdemo.trace import Trace
from asyncdemo.whatif import predict

TEXT = "text"


class Verdict:
    """Says what went wrong.

    Args:
        options: say where to, and how it is drawn.
        selection: which findings count.
        format_: `text`, or one of `findings.formats.names()`.
        what_if: the changes to predict, as `whatif.parse` reads them.

    Attributes:
        fails: whether a finding fails the run; False until it is over.
    """

    observer = "none"

    def __init__(self, options: RunOptions, selection: Selection, format_: str, what_if: Sequence[str] = ()) -> None:
        self._options = options
        self._selection = selection
        self._what_if = what_if
        self._misused = False
        self._format = None if format_ == TEXT else formats.find(format_)
        self._stream = consoles.results(options)
        self.holds_output = self._format is not None and self._format.whole and options.output is None
        self.fails = False

    def start(self, recorder: Recorder, run: Run) -> None:
        """Nothing to do."""

    def stop(self, trace: Trace) -> str | None:
        """Nothing to do."""

    def conclude(self, trace: Trace, run: Run) -> None:
        """Applies the rules and writes what they found."""
        predictions = tuple(predict(trace, self._what_if))
        self._misused = any(each.misused for each in predictions)
        report = replace(findings.check(trace, self._selection.ignore), what_if=predictions)
        self.fails = self._selection.fails(report.findings)
        with consoles.finishing(self._stream) as stream:
            if self._format is not None:
                stream.write(self._format.render(report))
            else:
                self._write(report, trace, run)

    def exit_code(self, code: int) -> int:
        """What the process reports: 1 for a finding that fails, unless the run was cut short or failed by itself.

        2 stands for a change that fits nothing in the program, where nothing else is wrong.
        """
        return code or int(self.fails) or (USAGE if self._misused else 0)

    def _write(self, report: Report, trace: Trace, run: Run) -> None:
        from asyncdemo.views.canvas import Canvas, Line
        from asyncdemo.views.critical import staircase
        from asyncdemo.views.findings import path_lines, path_text, report_lines, summary_line
        from asyncdemo.views.glyphs import glyphs_for
        from asyncdemo.views.predictions import prediction_lines

        console = consoles.console(self._stream, self._options.color, self._options.width)
        glyphs, width = glyphs_for(console, ascii_only=self._options.ascii), console.width - 1
        path = [] if len(trace.hangs) else critical_path(trace)
        blocks = [list(report_lines(report, width)), list(path_lines(path, glyphs, width))]
        parts = [*path_text(path, trace), f"exit {self.exit_code(run.exit_code or 0)}"]
        blocks[1] += staircase(path, trace, glyphs, console.width)
        blocks.append(list(prediction_lines(report.what_if, width)))
        above = [line for block in blocks if block for line in [*block, Line()]]
        console.print(Canvas([*above, *summary_line(report, parts, glyphs, width)]), end="")


def project_folder(path: str) -> Path:
    """Where the search for a pyproject.toml begins: the folder of what is checked."""
    given = Path(path)
    return given.parent if given.is_file() else Path.cwd()
