"""WebSocket. The embedded server is one of websockets' own, which passes on what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from asyncdemo.servers.base.server import Server

_DENIED = {401, 403, 407}
"""Answers to an opening handshake."""


class WebSockets(Server):
    """A server that sends each message to everyone who is connected at the same path."""

    title = "WebSocket server"
    library = "websockets"
    extra = "websockets"
    embedded = "websockets"

    async def ping(self, url: str) -> str:
        """What the server calls itself in the opening handshake."""
        from websockets.asyncio.client import connect

        async with connect(url, proxy=None) as connection:
            headers = connection.response.headers if connection.response else {}
            return headers.get("Server", "a WebSocket server")

    @asynccontextmanager
    async def serve(self, folder: Path) -> AsyncIterator[str]:
        """The broadcast, on a port of the system's choice."""
        from websockets.asyncio.server import serve

        async with serve(_pass_on, "127.0.0.1", 0, close_timeout=1) as server:
            yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"

    def errors(self) -> tuple[type[Exception], ...]:
        """What the library raises without a server, and when the server hangs up."""
        from websockets.exceptions import WebSocketException

        return OSError, WebSocketException

    def reason(self, error: BaseException) -> str | None:
        """What tells a lost connection and a wrong password from other answers."""
        from websockets.exceptions import ConnectionClosed, InvalidStatus

        if isinstance(error, InvalidStatus) and error.response.status_code in _DENIED:
            return f"refuses the user or the password: {error.response.status_code} {error.response.reason_phrase}"
        return "closes the connection" if isinstance(error, ConnectionClosed) else None


async def _pass_on(connection: Any) -> None:
    """Sends what comes in on `connection` to all at its path, itself included."""
    from websockets.asyncio.server import broadcast

    path = connection.request.path
    async for message in connection:
        broadcast([each for each in connection.server.connections if each.request.path == path], message)
