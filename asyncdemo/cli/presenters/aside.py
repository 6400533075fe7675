"""A script's own output stays its own on stdout; the final picture goes to stderr."""

from __future__ import annotations

import sys

from asyncdemo.cli import consoles
from asyncdemo.cli.presenters import picture
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.exporters import Run
from asyncdemo.recorder import Recorder
from asyncdemo.trace import Trace


class Aside:
    """Draws the final picture alone."""

    holds_output = False
    observer = "none"

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._stream = consoles.own(sys.stderr, ascii_only=options.ascii)

    def start(self, recorder: Recorder, run: Run) -> None:
        """Nothing to do."""

    def stop(self, trace: Trace) -> str | None:
        """Nothing to do."""

    def conclude(self, trace: Trace, run: Run) -> None:
        """Draws the final picture."""
        with consoles.finishing(self._stream) as stream:
            picture.draw(stream, self._options, trace, run)
