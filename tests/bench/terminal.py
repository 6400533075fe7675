"""A command on a pseudo-terminal, timed from what it is told to what it shows."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.bench.measure import ENVIRONMENT, TIMEOUT_S, Command

QUIET_S = 0.1
"""A screen is complete when nothing was written for so long."""


class Timed:
    """A command on a terminal of 100 columns and 50 rows."""

    def __init__(self, command: Command) -> None:
        ours, theirs = pty.openpty()
        subprocess.run(["stty", "rows", "50", "columns", "100"], stdin=theirs, check=True)
        self._ours = ours
        self._started = time.perf_counter()
        self._child = subprocess.Popen(
            command.args, stdin=theirs, stdout=theirs, stderr=theirs, env=ENVIRONMENT, start_new_session=True
        )
        os.close(theirs)

    def first_screen(self, mark: bytes) -> tuple[float, float]:
        """Seconds, and seconds of CPU, from the start until the screen with `mark` on it is complete."""
        return self._until_complete(self._started, mark)

    def press(self, key: bytes) -> tuple[float, float]:
        """Seconds, and seconds of CPU, from a key until the screen is complete again."""
        before, start = self._cpu_s(), time.perf_counter()
        os.write(self._ours, key)
        wall, cpu = self._until_complete(start)
        return wall, cpu - before

    def end(self, keys: bytes) -> None:
        """Press the last keys and wait for the end."""
        os.write(self._ours, keys)
        with suppress(OSError):
            while os.read(self._ours, 1 << 16):
                pass
        self._child.wait(TIMEOUT_S)
        os.close(self._ours)

    def _until_complete(self, start: float, mark: bytes = b"") -> tuple[float, float]:
        seen, last, cpu = b"", start, 0.0
        while mark not in seen or select.select([self._ours], [], [], QUIET_S if seen else TIMEOUT_S)[0]:
            if not select.select([self._ours], [], [], TIMEOUT_S)[0]:
                raise RuntimeError(f"nothing was shown for {TIMEOUT_S} s after {seen[-200:]!r}")
            seen += os.read(self._ours, 1 << 16)
            last, cpu = time.perf_counter(), self._cpu_s()
        return last - start, cpu

    def _cpu_s(self) -> float:
        """What the process has run so far; 0 where the system does not tell."""
        try:
            ran_ns = Path(f"/proc/{self._child.pid}/schedstat").read_text(encoding="ascii").split()[0]
        except OSError:
            return 0.0
        return int(ran_ns) / 1e9
