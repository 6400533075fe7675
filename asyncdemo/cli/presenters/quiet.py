"""Only the program's own output."""

from __future__ import annotations

from asyncdemo.exporters import Run
from asyncdemo.recorder import Recorder
from asyncdemo.trace import Trace


class Quiet:
    """Shows nothing."""

    holds_output = False
    observer = "none"

    def start(self, recorder: Recorder, run: Run) -> None:
        """Nothing to do."""

    def stop(self, trace: Trace) -> str | None:
        """Nothing to do."""

    def conclude(self, trace: Trace, run: Run) -> None:
        """Nothing to do."""
