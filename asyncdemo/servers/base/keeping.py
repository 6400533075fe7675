"""Starting an embedded server, and making sure that it is gone afterwards."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from asyncdemo.errors import UNAVAILABLE, AsyncdemoError
from asyncdemo.servers.base.server import Server

_PATIENCE_S = 5.0


@contextmanager
def embedded(server: Server) -> Iterator[str]:
    """The address of a server that is started for this and gone afterwards; it answers already.

    It runs beside this process, in the care of a keeper that also notices when this process is killed.

    Raises:
        AsyncdemoError: it cannot be started here (exit code 3); the message says what to do.
    """
    if not server.can_embed:
        raise AsyncdemoError(_without(server), UNAVAILABLE)
    folder = tempfile.mkdtemp(prefix="asyncdemo-")
    # In a session of its own, so that a Ctrl+C is the program's to handle and not the server's.
    keeper = subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-m", "asyncdemo.servers", server.name, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield _address(server, keeper)
    finally:
        _dismiss(keeper)
        # The keeper has done this, unless somebody has killed it.
        shutil.rmtree(folder, ignore_errors=True)


def _address(server: Server, keeper: subprocess.Popen[bytes]) -> str:
    line = keeper.stdout.readline() if keeper.stdout else b""
    said = json.loads(line) if line else {"error": f"its keeper ended with exit code {keeper.wait()}"}
    if "url" not in said:
        raise AsyncdemoError(
            f"The embedded server for {server.name} did not start: {said['error']}.\nName a server of your own: --url",
            UNAVAILABLE,
        )
    url: str = said["url"]
    return url


def _dismiss(keeper: subprocess.Popen[bytes]) -> None:
    """Waits until the keeper has stopped the server and removed its folder."""
    for stream in (keeper.stdin, keeper.stdout):
        if stream:
            stream.close()
    try:
        keeper.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()


def _without(server: Server) -> str:
    if server.embedded is None:
        return f"There is no embedded {server.title}: name a server with --url.\n{server.advice}"
    return f"The embedded server for {server.name} is not installed.\n{server.install}\nOr name a server: --url"
