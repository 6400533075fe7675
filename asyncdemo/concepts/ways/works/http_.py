"""Asks a server for a page that takes it the delay; each job opens a connection and closes it."""

import asyncio
import socket
from urllib.parse import SplitResult, urlsplit

PATIENCE = 30  # seconds, on top of what the page takes


def request(parts: SplitResult, seconds: float) -> bytes:
    return f"GET /delay/{seconds} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode()


def check(answer: bytes) -> None:
    if not answer:
        raise ConnectionError("the server answered nothing")
    status = answer.partition(b"\r\n")[0].decode("latin-1")
    if status.split()[1:2] != ["200"]:
        raise OSError(f"not a page but {status}")


async def awaited(
    seconds: float,
    *,
    url: str = "http://127.0.0.1:8080",  # the server's address, with --work http
) -> None:
    parts = urlsplit(url)
    async with asyncio.timeout(seconds + PATIENCE):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
        try:
            writer.write(request(parts, seconds))
            check(await reader.read())
        finally:
            writer.close()


def blocking(seconds: float, *, url: str) -> None:
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 80)
    with socket.create_connection(address, seconds + PATIENCE) as connection, connection.makefile("rb") as answer:
        connection.sendall(request(parts, seconds))
        check(answer.read())
