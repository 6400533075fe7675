"""Servers that are programs of their own: started beside their keeper, and gone with it."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

LOG = "server.log"
_PATIENCE_S = 2.0
_PR_SET_PDEATHSIG = 1


@asynccontextmanager
async def running(
    command: list[str], folder: Path, *, end: int = signal.SIGTERM, prepare: Callable[[], None] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`command` in `folder`, ended by the signal `end`, and by force when it takes longer than it may.

    Args:
        command: the program and its arguments.
        folder: where it runs, and where its log goes.
        end: the signal that ends it. On Linux the system sends it as well when this process dies.
        prepare: called in the new process before the program takes over.
    """
    with open(folder / LOG, "ab") as log:  # noqa: ASYNC230 - nothing else happens here yet
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_prepared(end, prepare),
        )
    try:
        yield process
    finally:
        await asyncio.shield(_ended(process, end))


async def until(
    ready: Callable[[], Any], process: asyncio.subprocess.Process, folder: Path, patience_s: float = 20.0
) -> None:
    """Returns when the coroutine function `ready` returns true.

    Raises:
        RuntimeError: the process has ended, or it takes too long; the message is the last of its log.
    """
    try:
        async with asyncio.timeout(patience_s):
            while process.returncode is None:
                if await ready():
                    return
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise RuntimeError(f"it is not ready after {patience_s:.0f} s") from None
    raise RuntimeError(last_words(folder) or f"it ended with exit code {process.returncode}")


def last_words(folder: Path) -> str:
    """The last line of the log."""
    lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def free_port() -> int:
    """A port that the system has just found free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def die_with_parent(end: int = signal.SIGTERM) -> None:
    """On Linux, has the system send `end` to this process when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, end)


def _prepared(end: int, prepare: Callable[[], None] | None) -> Callable[[], None] | None:
    if sys.platform == "win32":
        return None
    return partial(_prepare, end, prepare)


def _prepare(end: int, prepare: Callable[[], None] | None) -> None:
    if prepare:
        prepare()
    # Last, for a change of user takes it back.
    die_with_parent(end)


async def _ended(process: asyncio.subprocess.Process, end: int) -> None:
    if process.returncode is None:
        process.send_signal(end)
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
