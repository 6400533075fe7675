"""HTTP. The embedded server is one of aiohttp's, with pages that take their time and pages that fail."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from asyncdemo.servers.base.server import Server

BACKLOG = 10_000
"""Connections that may wait to be accepted. Where more come at once, those beyond wait a second to try again."""


class Http(Server):
    """A server with the pages `/delay/SECONDS` and `/status/CODE`, as httpbin has them."""

    title = "HTTP server"
    library = "aiohttp"
    embedded = "aiohttp"

    async def ping(self, url: str) -> str:
        """What the server calls itself; that it answers is enough, whatever it answers."""
        import aiohttp

        async with aiohttp.ClientSession() as session, session.get(url) as response:
            if response.status in {401, 403, 407}:
                raise PermissionError(f"{response.status} {response.reason}")
            return str(response.headers.get("Server", "an HTTP server"))

    @asynccontextmanager
    async def serve(self, folder: Path) -> AsyncIterator[str]:
        """The pages, on a port of the system's choice."""
        from aiohttp import web

        app = web.Application()
        app.add_routes([web.get("/", _front), web.get("/delay/{seconds}", _delay), web.get("/status/{code}", _status)])
        runner: Any = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0, backlog=BACKLOG).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    def errors(self) -> tuple[type[Exception], ...]:
        """What aiohttp raises without a server, and httpx, where a program has imported it."""
        import aiohttp

        httpx = sys.modules.get("httpx")
        return OSError, aiohttp.ClientError, *([httpx.HTTPError] if httpx else [])

    def reason(self, error: BaseException) -> str | None:
        """What tells a lost connection and a wrong password from other answers."""
        import aiohttp

        if isinstance(error, PermissionError):
            return f"refuses the user or the password: {error}"
        if type(error).__name__ == "ClientConnectorDNSError":
            return "has a host name that nobody knows"
        lost = isinstance(error, aiohttp.ServerDisconnectedError) or type(error).__name__ == "RemoteProtocolError"
        return "closes the connection" if lost else None


async def _front(_request: Any) -> Any:
    from aiohttp import web

    return web.Response(text="asyncdemo\n")


async def _delay(request: Any) -> Any:
    import asyncio

    from aiohttp import web

    await asyncio.sleep(float(request.match_info["seconds"]))
    return web.Response(text=f"after {request.match_info['seconds']} seconds\n")


async def _status(request: Any) -> Any:
    from aiohttp import web

    return web.Response(status=int(request.match_info["code"]))
