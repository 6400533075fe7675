"""What a worker of the cluster does: it runs Python in a process of its own, and waits for the answer.

The process has an interpreter to itself, so that neither the worker's own threads nor what ran there before disturbs
it, and it ends with the worker: its stdin is closed then.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from threading import Lock, Thread
from typing import IO, Any

_ALONE = Lock()
"""A worker may have several threads; what they would run at the same time would disturb each other."""
_LOOK_S = 1.0


def dask_setup(_worker: object) -> None:
    """Makes a worker of this terminal leave Ctrl+C to whoever started it; dask calls this when the worker starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run_alone(arguments: Sequence[str], text: str) -> tuple[int, str, str]:
    """Runs `python ARGUMENTS` with `text`, a line, on stdin, which stays open as long as somebody wants the answer.

    Returns:
        The exit code, negative when a signal ended it, what it printed, and the end of what it said on stderr.
    """
    with _ALONE, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        command = [sys.executable, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=errors)  # noqa: S603 - our own
        try:
            _begin(process, text)
            _await(process, _unwanted())
        finally:
            process.kill()
            process.communicate()
        return process.returncode, _all_of(out), _all_of(errors)[-1000:]


def _begin(process: subprocess.Popen[bytes], text: str) -> None:
    if process.stdin:
        try:
            process.stdin.write(text.encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended already; its exit code tells


def _await(process: subprocess.Popen[bytes], unwanted: Callable[[], bool]) -> None:
    """Returns when the process has ended, or nobody wants its answer any more."""
    # Waiting with a time-out looks twenty times a second, and would take its time from what is measured.
    ending = Thread(target=process.wait, daemon=True)
    ending.start()
    while ending.is_alive() and not unwanted():
        ending.join(_LOOK_S)


def _unwanted() -> Callable[[], bool]:
    """Whether the task that asks this now has been cancelled since: whoever wanted it may be gone."""
    from distributed import get_worker

    worker: Any = get_worker()
    key = worker.get_current_task()

    def is_unwanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    return is_unwanted


def _all_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
