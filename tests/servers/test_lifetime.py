"""An embedded server is gone when its run is, however that ends: no process, no port, no file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.conftest import BY_CONCEPT, server_of
from tests.servers.test_faults import LONG, processes_in

PATIENCE_S = 30.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the server's processes in /proc")


def started(folder: Path, name: str, *options: str) -> subprocess.Popen[bytes]:
    """A concept in a process of its own, whose temporary files are in `folder`; it is under way."""
    command = [sys.executable, "-m", "asyncdemo", name, "--format=ndjson", *options]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(folder)})
    assert program.stdout
    for _ in range(3):
        assert program.stdout.readline()
    return program


def is_gone(folder: Path) -> bool:
    """Whether nothing of a server is left: its port is closed with its processes."""
    return not processes_in(folder) and list(folder.iterdir()) == []


def in_time(condition: Callable[[], bool]) -> bool:
    """Whether `condition` comes true, for which it has a long time."""
    end = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize("name", BY_CONCEPT)
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)],
    ids=lambda each: each.name if isinstance(each, signal.Signals) else "",
)
def test_nothing_is_left_after_a_signal(name: str, number: int, code: int, tmp_path: Path) -> None:
    """Ctrl+C, SIGTERM, SIGHUP and even SIGKILL of the program take the server and its folder with them."""
    program = started(tmp_path, name, *LONG[name])
    assert not is_gone(tmp_path)
    program.send_signal(number)
    program.communicate(timeout=PATIENCE_S)
    assert program.returncode == code
    assert in_time(lambda: is_gone(tmp_path))


@pytest.mark.parametrize("name", BY_CONCEPT)
def test_nothing_is_left_after_success(name: str, tmp_path: Path) -> None:
    """When the command has ended, its server already has."""
    program = started(tmp_path, name, "--scale=0.1")
    program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 0
    assert is_gone(tmp_path)


@pytest.mark.parametrize("name", BY_CONCEPT)
def test_nothing_is_left_after_a_timeout(name: str, tmp_path: Path) -> None:
    """When time is up, the server ends with the run."""
    program = started(tmp_path, name, "--timeout=500ms", *LONG[name])
    program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 124
    assert in_time(lambda: is_gone(tmp_path))


@pytest.mark.parametrize("name", BY_CONCEPT)
def test_with_an_address_nothing_embedded_starts(
    name: str, servers_at_work: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server at `--url` is the one that is used, and no other is there."""
    from asyncdemo.cli import main

    def refuse(_server: object) -> None:
        raise AssertionError

    monkeypatch.setattr("asyncdemo.servers.base.keeping.embedded", refuse)
    assert main.run([name, f"--url={servers_at_work[server_of(name).name]}", "--scale=0.1", "-q"]) == 0
