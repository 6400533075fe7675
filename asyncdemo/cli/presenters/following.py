"""What the formats that are written while the program runs have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

from asyncdemo.cli import consoles
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.exporters import Run
from asyncdemo.follow import Follower, Recording
from asyncdemo.trace import Trace


class Following(ABC):
    """Writes what happens as it happens.

    Args:
        options: says where to.
    """

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._stream = consoles.results(options)
        self._follower: Follower | None = None
        self.holds_output = options.output is None

    @abstractmethod
    def start(self, recorder: Recording, run: Run) -> None:
        """Begins to follow a recording."""

    def stop(self, trace: Trace) -> str | None:
        """Writes the events that are left."""
        if self._follower is None:
            return None
        self._follower.stop(trace)
        fault = self._follower.fault
        # When only the reader of a pipe is gone, whoever writes the whole finds out by himself.
        told = fault is not None and not isinstance(fault, BrokenPipeError)
        return f"the view stopped: {type(fault).__name__}: {fault}" if told else None

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
