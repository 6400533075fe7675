"""DNS. The embedded server answers over UDP, with dnspython to read the questions and to write the answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from asyncdemo.servers.base.server import Server


class Dns(Server):
    """A server that knows the addresses of names."""

    title = "DNS server"
    library = "aiodns"
    extra = "dns"
    embedded = "dns"
    distribution = "dnspython"

    async def ping(self, url: str) -> str:
        """The version that the server has under a name kept for that, where it tells it."""
        import aiodns

        await _check_is_address(url)
        where = [urlsplit(url).netloc]
        async with aiodns.DNSResolver(where, timeout=1, tries=12) as resolver:
            try:
                await resolver.query_dns("asyncdemo.test", "A")
            except aiodns.error.DNSError as error:
                if error.args[0] not in {aiodns.error.ARES_ENOTFOUND, aiodns.error.ARES_ENODATA}:
                    raise
        async with aiodns.DNSResolver(where, timeout=0.3, tries=1) as resolver:
            try:
                version = await resolver.query_dns("version.bind", "TXT", "CHAOS")
                return bytes(version.answer[0].data.data).decode(errors="replace")  # type: ignore[union-attr]
            except (aiodns.error.DNSError, IndexError):
                return "a DNS server"

    @asynccontextmanager
    async def serve(self, folder: Path) -> AsyncIterator[str]:
        """The server, on a port of the system's choice."""
        import asyncio

        from asyncdemo.servers.base.dns_answers import Answers

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Answers, ("127.0.0.1", 0))
        try:
            yield f"dns://127.0.0.1:{transport.get_extra_info('sockname')[1]}"
        finally:
            transport.close()

    def errors(self) -> tuple[type[Exception], ...]:
        """What the library raises when no answer comes, or one that is none."""
        import aiodns

        return OSError, aiodns.error.DNSError

    def reason(self, error: BaseException) -> str | None:
        """What the library's numbers mean."""
        from aiodns import error as numbers

        if isinstance(error, _NamedError):
            return str(error)
        words = {
            numbers.ARES_ECONNREFUSED: "refuses the connection",
            numbers.ARES_EREFUSED: "refuses to answer",
            numbers.ARES_ETIMEOUT: "does not answer in time",
        }
        return words.get(error.args[0]) if isinstance(error, numbers.DNSError) else None


class _NamedError(Exception):
    """The server is given by its name, which nobody is there to look up."""


async def _check_is_address(url: str) -> None:
    import asyncio
    import socket

    at = urlsplit(url)
    found = await asyncio.get_running_loop().getaddrinfo(at.hostname, None, type=socket.SOCK_DGRAM)
    address = found[0][4][0]
    if at.hostname != address or "@" in at.netloc:
        raise _NamedError(f"has to be given by its address alone, which is {address}")
