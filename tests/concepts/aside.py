"""Programs that run beside the tests."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

AT_ONCE = 4
"""How many run at the same time: they mostly wait, but each needs a processor to start."""
PATIENCE_S = 300


class Aside:
    """Programs, a few at a time, each with a file for what it prints; there is no terminal.

    Others get their turn whenever a test waits for one. No thread sees to that: Python warns when a process that has
    threads forks.

    Args:
        folder: where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._outputs: dict[str, Path] = {}
        self._waiting: dict[str, Sequence[str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._codes: dict[str, int] = {}

    def start(self, name: str, command: Sequence[str]) -> None:
        """Let a program run, as soon as others make room."""
        self._outputs[name] = self._folder / str(len(self._outputs))
        self._waiting[name] = command
        self._go_on()

    def finish(self, name: str) -> str:
        """What a program has printed, once it has ended with exit code 0."""
        if name in self._waiting:  # it comes next
            self._waiting = {name: self._waiting.pop(name), **self._waiting}
        deadline = time.monotonic() + PATIENCE_S
        while name not in self._codes:
            self._go_on()
            assert time.monotonic() < deadline, f"{name} does not end"
            time.sleep(0.01)
        text = self._outputs[name].read_text(encoding="utf-8")
        assert self._codes[name] == 0, text
        return text

    def close(self) -> None:
        """End them all."""
        self._waiting.clear()
        for program in self._running.values():
            program.kill()
            program.wait()

    def _go_on(self) -> None:
        for name, program in list(self._running.items()):
            code = program.poll()
            if code is not None:
                self._codes[name] = code
                del self._running[name]
        while self._waiting and len(self._running) < AT_ONCE:
            name = next(iter(self._waiting))
            self._running[name] = self._started(self._waiting.pop(name), self._outputs[name])

    def _started(self, command: Sequence[str], output: Path) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        with output.open("wb") as file:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment)
