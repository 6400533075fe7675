"""A machine-readable format, written when the run is over."""

from __future__ import annotations

from asyncdemo import exporters
from asyncdemo.cli import consoles
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.exporters import Run
from asyncdemo.recorder import Recorder
from asyncdemo.trace import Trace


class Export:
    """Writes the whole in an export format.

    Args:
        options: says where to.
        name: the format's name.
    """

    observer = "none"

    def __init__(self, options: RunOptions, name: str) -> None:
        self._format = exporters.find(name)
        self._stream = consoles.results(options)
        self.holds_output = options.output is None

    def start(self, recorder: Recorder, run: Run) -> None:
        """Nothing to do."""

    def stop(self, trace: Trace) -> str | None:
        """Nothing to do."""

    def conclude(self, trace: Trace, run: Run) -> None:
        """Writes the export."""
        with consoles.finishing(self._stream) as stream:
            for piece in self._format.export(trace, run):
                stream.write(piece)
