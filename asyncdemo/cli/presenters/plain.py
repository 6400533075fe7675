"""Without a terminal: a line an event, the program's own lines among them, then the final picture."""

from __future__ import annotations

from asyncdemo.cli import consoles
from asyncdemo.cli.presenters import picture
from asyncdemo.cli.presenters.following import Following
from asyncdemo.exporters import Run
from asyncdemo.follow import Recording
from asyncdemo.trace import Trace
from asyncdemo.views.plain import PlainView


class Plain(Following):
    """Writes events as lines."""

    observer = "plain"

    def start(self, recorder: Recording, run: Run) -> None:
        """Follows the recording."""
        self._follower = PlainView(recorder, self._write)
        self._follower.start()

    def conclude(self, trace: Trace, run: Run) -> None:
        """Draws the final picture."""
        with consoles.finishing(self._stream) as stream:
            picture.draw(stream, self._options, trace, run)
