"""Whole processes, run in turns and weighed: wall time, CPU time and peak memory."""

from __future__ import annotations

import os
import pty
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

Metric = Literal["wall", "cpu", "memory", "loop"]
TIMEOUT_S = 300
PROJECT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "50"}
# glibc asks the system for each large block, such as asyncio's buffer for every read from a socket, until one has been
# freed: whether that happened before makes a program that reads sockets up to a third faster. Here it never counts.
ENVIRONMENT["MALLOC_MMAP_THRESHOLD_"] = "131072"


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process took.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of CPU time.
        memory: bytes of resident memory at its peak.
        loop: seconds that it says its loop took; 0 when it says nothing of the kind.
    """

    wall: float
    cpu: float
    memory: int
    loop: float


@dataclass(frozen=True, slots=True)
class Command:
    """A process to run: its arguments, and whether it gets a terminal of 100 columns and 50 rows."""

    args: tuple[str, ...]
    terminal: bool = False


def python(*args: str | Path, terminal: bool = False) -> Command:
    """The interpreter that runs the bench, with arguments."""
    return Command((sys.executable, *map(str, args)), terminal)


def asyncdemo(*args: str | Path, terminal: bool = False) -> Command:
    """The `asyncdemo` script as it is installed beside the interpreter, or the package where it is not installed."""
    script = Path(sys.executable).with_name("asyncdemo")
    start = (str(script),) if script.exists() else (sys.executable, "-m", "asyncdemo")
    return Command((*start, *map(str, args)), terminal)


def run(command: Command) -> Usage:
    """Run a command to its end.

    Raises:
        RuntimeError: when it does not end with exit code 0; the message has the end of what it said.
    """
    start = time.perf_counter()
    child, said = (start_on_terminal if command.terminal else start_quietly)(command)
    watchdog = threading.Timer(TIMEOUT_S, child.kill)
    watchdog.start()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    watchdog.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    text = said.finish()
    if child.returncode:
        raise RuntimeError(f"exit code {child.returncode}: {' '.join(command.args)}\n{text[-800:]}")
    memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    told = re.search(r"([\d.]+) seconds in the loop", text)
    return Usage(wall, usage.ru_utime + usage.ru_stime, memory, float(told[1]) if told else 0.0)


class Said:
    """Reads what a process says, on a thread, so that the process never waits for a reader."""

    def __init__(self, descriptor: int) -> None:
        self._chunks: list[bytes] = []
        self._descriptor = descriptor
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        with suppress(OSError):  # a terminal whose other side is gone
            while chunk := os.read(self._descriptor, 1 << 16):
                self._chunks.append(chunk)
        os.close(self._descriptor)

    def finish(self) -> str:
        """Everything that it said, once it has ended."""
        self._thread.join()
        return b"".join(self._chunks).decode(errors="replace")


def start_quietly(command: Command) -> tuple[subprocess.Popen[bytes], Said]:
    """Start a command with pipes for a terminal."""
    reading, writing = os.pipe()
    child = subprocess.Popen(command.args, stdin=subprocess.DEVNULL, stdout=writing, stderr=writing, env=ENVIRONMENT)
    os.close(writing)
    return child, Said(reading)


def start_on_terminal(command: Command) -> tuple[subprocess.Popen[bytes], Said]:
    """Start a command on a pseudo-terminal of its own."""
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "rows", "50", "columns", "100"], stdin=theirs, check=True)
    child = subprocess.Popen(
        command.args, stdin=theirs, stdout=theirs, stderr=theirs, env=ENVIRONMENT, start_new_session=True
    )
    os.close(theirs)
    return child, Said(ours)


class Samples:
    """Usages of several commands, taken in turns."""

    def __init__(self, commands: Mapping[str, Command], runs: int) -> None:
        self._usages: dict[str, list[Usage]] = {name: [] for name in commands}
        for _ in range(runs):
            for name in random.sample(list(commands), len(commands)):
                self._usages[name].append(run(commands[name]))

    def all(self, name: str, metric: Metric) -> Sequence[float]:
        """Every value of one command, in the order of the rounds."""
        return [getattr(usage, metric) for usage in self._usages[name]]

    def median(self, name: str, metric: Metric) -> float:
        """The middle of a command's values: seconds or bytes."""
        return median(self.all(name, metric))

    def ratio(self, name: str, base: str, metric: Metric) -> float:
        """How many times `base` a command took: the middle of the rounds' ratios, so that slow spells cancel out."""
        pairs: Iterable[tuple[float, float]] = zip(self.all(name, metric), self.all(base, metric), strict=True)
        return median(value / of for value, of in pairs)
