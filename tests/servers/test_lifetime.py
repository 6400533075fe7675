"""An embedded server is gone when its run is, however that ends: no process, no port, no file."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.conftest import BY_CONCEPT, server_of
from tests.servers.test_faults import LONG, processes_in

PATIENCE_S = 30.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the server's processes in /proc")


@contextmanager
def started(folder: Path, name: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A concept in a process of its own, whose temporary files are in `folder`; it is under way."""
    command = [sys.executable, "-m", "asyncdemo", name, "--format=ndjson", *options]
    surroundings = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=surroundings) as program:
        assert program.stdout
        try:
            for _ in range(3):
                assert program.stdout.readline()
            yield program
        finally:
            program.kill()  # which does nothing to one that has ended, as it should


def settle(program: subprocess.Popen[bytes]) -> None:
    """Returns when a program tells of nothing any more, or of much: it has connected.

    Before Python 3.12 a library that connects with `asyncio.wait_for` may swallow a first Ctrl+C.
    """
    assert program.stdout
    for _ in range(20):
        if not select.select([program.stdout], [], [], 0.3)[0]:
            return
        os.read(program.stdout.fileno(), 65_536)


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
    with started(tmp_path, name, *LONG[name]) as program:
        assert not is_gone(tmp_path)
        if number == signal.SIGINT:
            settle(program)
        program.send_signal(number)
        program.communicate(timeout=PATIENCE_S)
    assert program.returncode == code
    assert in_time(lambda: is_gone(tmp_path))


@pytest.mark.parametrize("name", BY_CONCEPT)
def test_nothing_is_left_after_success(name: str, tmp_path: Path) -> None:
    """When the command has ended, its server already has."""
    with started(tmp_path, name, "--scale=0.1") as program:
        program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 0
    assert is_gone(tmp_path)


@pytest.mark.parametrize("name", BY_CONCEPT)
def test_nothing_is_left_after_a_timeout(name: str, tmp_path: Path) -> None:
    """When time is up, the server ends with the run."""
    with started(tmp_path, name, "--timeout=500ms", *LONG[name]) as program:
        program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 124
    assert in_time(lambda: is_gone(tmp_path))


def test_a_folder_goes_whatever_comes_meanwhile(tmp_path: Path) -> None:
    """While it removes a folder of many files, a keeper is told again that its parent is dead, as by a slow system."""
    folder = tmp_path / "kept"
    folder.mkdir()
    for number in range(3000):
        (folder / str(number)).touch()
    command = [sys.executable, "-m", "asyncdemo.servers", "http", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout
        assert keeper.stdout.readline()
        while keeper.poll() is None:
            keeper.terminate()
            time.sleep(0.001)
    assert not folder.exists()


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
