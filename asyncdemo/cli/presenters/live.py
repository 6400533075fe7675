"""A live view on a terminal's alternate screen, then the final picture with what the program printed."""

from __future__ import annotations

import sys

from asyncdemo.cli import consoles
from asyncdemo.cli.presenters import picture
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.exporters import Run
from asyncdemo.recorder import Recorder
from asyncdemo.trace import Trace
from asyncdemo.views.live import LiveView


class Live:
    """Draws while the program runs."""

    holds_output = True
    observer = "live"

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._stream = consoles.own(sys.stdout, ascii_only=options.ascii)
        self._view: LiveView | None = None

    def start(self, recorder: Recorder, run: Run) -> None:
        """Draws from now on."""
        self._view = LiveView(
            recorder,
            run.command,
            consoles.console(self._stream, self._options.color, self._options.width),
            about=run.about,
            watch=run.watch,
            fps=self._options.fps,
            view=self._options.view,
        )
        self._view.start()

    def stop(self, trace: Trace) -> str | None:
        """Goes back to the main screen."""
        if self._view is None:
            return None
        self._view.stop()
        return self._view.fault

    def conclude(self, trace: Trace, run: Run) -> None:
        """Draws the final picture and prints what the program printed."""
        with consoles.finishing(self._stream) as stream:
            picture.draw(stream, self._options, trace, run, lines=True)
