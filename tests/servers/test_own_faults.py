"""Faults that one kind of server alone has, or that need a real one."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from asyncdemo import catalog
from tests.concepts.conftest import importable
from tests.concepts.test_libraries import address
from tests.servers.test_faults import Fault, connected_to

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
        with relay(address(name)) as (port, cut):
            cutter = threading.Thread(target=cut_when_busy, args=(port, cut))
            cutter.start()
            code, err = fault(name, f"--url=amqp://127.0.0.1:{port}", "-q", *options)
            cutter.join()
        assert (code, "closes the connection, in the middle of the run." in err) == (1, True)


def cut_when_busy(port: int, cut: Callable[[], None]) -> None:
    """Cuts as soon as there has been a connection to the port for some rounds of looking."""
    seen = 0
    while seen < 20:
        seen = seen + 1 if connected_to(port) else 0
        threading.Event().wait(0.02)
    cut()


@contextmanager
def relay(url: str) -> Iterator[tuple[int, Callable[[], None]]]:
    """A port that leads to the server at `url`, and what cuts all connections there."""
    there = urlsplit(url).hostname, urlsplit(url).port
    ends = [socket.create_server(("127.0.0.1", 0))]
    port: int = ends[0].getsockname()[1]

    def cut() -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                pair = ends[0].accept()[0], socket.create_connection(there)
                ends.extend(pair)
                threads.extend(threading.Thread(target=pass_on, args=each) for each in (pair, pair[::-1]))
                for thread in threads[-2:]:
                    thread.start()

    threads = [threading.Thread(target=accept)]
    threads[0].start()
    try:
        yield port, cut
    finally:
        cut()
        for thread in threads:
            thread.join()
        for end in ends:
            end.close()
