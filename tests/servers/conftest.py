"""Addresses at which something is wrong, and servers that are taken away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from asyncdemo import catalog, servers
from tests.concepts.conftest import importable, runnable

CONCEPTS = [each for each in catalog.concepts() if each.server]
BY_CONCEPT = [runnable(each) for each in CONCEPTS]
"""Every concept that talks to a server; skipped where it cannot run."""

ASKED = [importable(each) for each in CONCEPTS]
"""The same, with those whose server cannot be started anywhere."""

SCHEMES = {each.name: str(catalog.find(each.name).defaults()["url"]).partition("://")[0] for each in CONCEPTS}


REFUSED = b"\x81\x05"
"""The flags of an answer of DNS that there will be none."""


def server_of(concept: str) -> servers.Server:
    """The server that a concept talks to."""
    return servers.find(catalog.find(concept).server or "")


@pytest.fixture
def mute_port() -> Iterator[int]:
    """The port of a server that accepts and never answers, over TCP and over UDP."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening, udp(listening) as _:
        yield listening.getsockname()[1]


@pytest.fixture
def guarded_port() -> Iterator[int]:
    """The port of an HTTP server that lets nobody in."""
    answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def refuse_all() -> None:
            with suppress(OSError):
                while True:
                    connection = listening.accept()[0]
                    with closing(connection):
                        connection.recv(65_536)
                        connection.sendall(answer)

        thread = threading.Thread(target=refuse_all, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def closed_port() -> int:
    """A port at which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture
def rude_port() -> Iterator[int]:
    """The port of a server that closes every connection at once, and refuses every question over UDP."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening, udp(listening) as asked:

        def close_all() -> None:
            while True:
                try:
                    listening.accept()[0].close()
                except OSError:
                    return

        def refuse_all() -> None:
            while question := asked.recvfrom(512):
                if not question[0]:
                    return
                asked.sendto(question[0][:2] + REFUSED + question[0][4:], question[1])

        threads = [threading.Thread(target=each, daemon=True) for each in (close_all, refuse_all)]
        for thread in threads:
            thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        asked.sendto(b"", asked.getsockname())
        for thread in threads:
            thread.join()


def udp(listening: socket.socket) -> socket.socket:
    """A socket for UDP at the address where another one listens over TCP."""
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.bind(listening.getsockname())
    return asked
