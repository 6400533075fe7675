"""SMTP. The embedded server is one of aiosmtpd, which takes its time for a mail and forgets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from asyncdemo.servers.base.server import Server

_DENIED = {454, 530, 534, 535, 538}
"""Codes of SMTP's answers to a log-in."""


class Smtp(Server):
    """A server that takes mails."""

    title = "SMTP server"
    library = "aiosmtplib"
    extra = "smtp"
    embedded = "aiosmtpd"

    async def ping(self, url: str) -> str:
        """What the server calls itself when it greets."""
        import aiosmtplib

        at = urlsplit(url)
        client = aiosmtplib.SMTP(
            hostname=at.hostname,
            port=at.port,
            username=unquote(at.username) if at.username else None,
            password=unquote(at.password) if at.password else None,
            use_tls=at.scheme == "smtps",
            local_hostname="localhost",
            timeout=None,
        )
        try:
            greeting = await client.connect()
            await client.quit()
            return greeting.message.partition("\n")[0]
        finally:
            client.close()

    @asynccontextmanager
    async def serve(self, folder: Path) -> AsyncIterator[str]:
        """The server, on a port of the system's choice."""
        import asyncio
        import logging

        from aiosmtpd.smtp import SMTP

        logging.disable(logging.CRITICAL)
        loop = asyncio.get_running_loop()
        words: Any = {"hostname": "127.0.0.1", "ident": "aiosmtpd", "auth_require_tls": False}
        server = await loop.create_server(partial(SMTP, _Forgetful(), loop=loop, **words), "127.0.0.1", 0)
        try:
            yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()

    def errors(self) -> tuple[type[Exception], ...]:
        """All that the library raises."""
        import aiosmtplib

        return OSError, aiosmtplib.SMTPException

    def reason(self, error: BaseException) -> str | None:
        """What tells a refused log-in from other answers."""
        import aiosmtplib

        if isinstance(error, aiosmtplib.SMTPAuthenticationError) or getattr(error, "code", None) in _DENIED:
            return "refuses the user or the password"
        return "does not answer in time" if isinstance(error, aiosmtplib.SMTPTimeoutError) else None


class _Forgetful:
    """Takes for each mail as long as it says itself, and keeps none."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        import asyncio

        await asyncio.sleep(float(message_from_bytes(envelope.content).get("X-Delay", 0)))
        return "250 OK"
