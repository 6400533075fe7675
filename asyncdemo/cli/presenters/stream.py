"""ndjson, written as things happen."""

from __future__ import annotations

from asyncdemo.cli import consoles
from asyncdemo.cli.presenters.following import Following
from asyncdemo.exporters import Run, ndjson
from asyncdemo.follow import Follower, Recording
from asyncdemo.trace import Trace


class Stream(Following):
    """Writes a header, the events and a summary."""

    observer = "ndjson"

    def start(self, recorder: Recording, run: Run) -> None:
        """Writes the header and follows."""
        self._write(ndjson.header(run))
        self._follower = Follower(recorder, lambda events, _: self._write("".join(map(ndjson.line, events))))
        self._follower.start()

    def conclude(self, trace: Trace, run: Run) -> None:
        """Writes the summary."""
        with consoles.finishing(self._stream) as stream:
            stream.write(ndjson.summary(trace, run))
