"""Faults that one kind of server alone has, or that need a real one."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self
from urllib.parse import urlsplit

import pytest

from asyncdemo import catalog
from tests.concepts.conftest import importable
from tests.concepts.test_libraries import address
from tests.servers.test_faults import Fault, wait_until_busy

RABBITMQ = [importable(each) for each in catalog.concepts() if each.name == "rabbitmq"]
DNS = [importable(each) for each in catalog.concepts() if each.name == "dns"]


@pytest.fixture
def fault(capsys: pytest.CaptureFixture[str]) -> Fault:
    """`fault("redis", "--url=...")`: the exit code and the one error of such a run."""
    return Fault(capsys)


@pytest.mark.parametrize("name", DNS)
@pytest.mark.parametrize("url", ["dns://localhost:5353", "dns://user:secret-1@127.0.0.1:5353"])
def test_a_dns_server_is_given_by_its_address(name: str, url: str, fault: Fault) -> None:
    """Who is to look up names cannot be looked up, and asks nobody who he is."""
    code, err = fault(name, f"--url={url}")
    assert (code, "has to be given by its address alone, which is" in err) == (3, True)
    assert "secret-1" not in err


@pytest.mark.parametrize("name", RABBITMQ)
class TestRabbitMQ:
    """RabbitMQ, which cannot be started here."""

    def test_none_is_given(self, name: str, fault: Fault) -> None:
        """It is said how to start one, and how to name it."""
        code, err = fault(name)
        assert (code, "docker run" in err, "--url amqp://127.0.0.1" in err) == (3, True, True)

    def test_a_wrong_password(self, name: str, fault: Fault) -> None:
        """It is said that it is refused, and not what it was."""
        code, err = fault(name, f"--url=amqp://guest:secret-1@{urlsplit(address(name)).netloc}")
        assert (code, "refuses the user or the password" in err) == (3, True)
        assert "secret-1" not in err

    def test_a_missing_virtual_host(self, name: str, fault: Fault) -> None:
        """It is said that there is none of that name."""
        code, err = fault(name, f"--url={address(name)}/missing")
        assert (code, "has no virtual host of that name" in err) == (3, True)

    @pytest.mark.skipif(sys.platform != "linux", reason="finds the connections in /proc")
    @pytest.mark.parametrize("options", [["--idle=60s"], ["--work=1s"]], ids=["while waiting", "while working"])
    def test_it_dies_in_the_middle(self, name: str, options: list[str], fault: Fault) -> None:
        """The run ends with exit code 1, also of consumers that only wait for jobs."""
        with Relay(address(name)) as relay, when_busy(relay.port, relay.cut):
            code, err = fault(name, f"--url=amqp://127.0.0.1:{relay.port}", "-q", *options)
        assert (code, "closes the connection, in the middle of the run." in err) == (1, True)

    @pytest.mark.skipif(sys.platform != "linux", reason="finds the connections in /proc")
    def test_it_falls_silent_in_the_middle(self, name: str, fault: Fault) -> None:
        """The run ends when the time-out of the concept has passed."""
        options = ["--jobs=1", "--idle=1s", "--work=0", "--patience=1s"]
        with Relay(address(name)) as relay, when_busy(relay.port, relay.silent.set):
            code, err = fault(name, f"--url=amqp://127.0.0.1:{relay.port}", "-q", *options)
        assert (code, "does not answer in time, in the middle of the run." in err) == (1, True)


@contextmanager
def when_busy(port: int, act: Callable[[], None]) -> Iterator[None]:
    """Acts as soon as there has been a connection to the port for some rounds of looking."""

    def wait_and_act() -> None:
        wait_until_busy(port, 1)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    yield
    thread.join()


class Relay:
    """A port that leads to the server at `url`.

    Attributes:
        port: where it is.
        silent: when it is set, nothing gets through any more.
    """

    def __init__(self, url: str) -> None:
        self.silent = threading.Event()
        self._there = urlsplit(url).hostname, urlsplit(url).port
        self._ends = [socket.create_server(("127.0.0.1", 0))]
        self.port: int = self._ends[0].getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()

    def cut(self) -> None:
        """Cuts all connections."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                pair = self._ends[0].accept()[0], socket.create_connection(self._there)
                self._ends.extend(pair)
                for each in (pair, pair[::-1]):
                    self._threads.append(threading.Thread(target=self._pass_on, args=each))
                    self._threads[-1].start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if not self.silent.is_set():
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
