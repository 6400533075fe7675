"""MySQL. The embedded one speaks its protocol with mysql-mimic; what answers behind it is SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from asyncdemo.servers.base.server import Server

DATABASE = "test"
_DENIED, _NO_DATABASE, _LOST = {1044, 1045, 1698}, {1049}, {2006, 2013, 2055, 4031}
"""Numbers of MySQL's errors."""


class MySQL(Server):
    """MySQL, MariaDB, or what speaks their protocol."""

    title = "MySQL"
    library = "aiomysql"
    extra = "mysql"
    embedded = "mysql_mimic"
    distribution = "mysql-mimic"

    async def ping(self, url: str) -> str:
        """The version that the server has as a function."""
        import aiomysql

        at = urlsplit(url)
        connection = await aiomysql.connect(
            host=at.hostname or "127.0.0.1",
            port=at.port or 3306,
            user=unquote(at.username or "root"),
            password=unquote(at.password or ""),
            db=at.path.strip("/") or None,
        )
        try:
            async with connection.cursor() as cursor:
                await cursor.execute("SELECT VERSION()")
                version = (await cursor.fetchone())[0]
                return f"{'' if 'Maria' in version else 'MySQL '}{version}"
        finally:
            connection.close()

    @asynccontextmanager
    async def serve(self, folder: Path) -> AsyncIterator[str]:
        """The protocol, with SQLite behind it."""
        import logging

        from asyncdemo.servers.base import mysql_on_sqlite

        logging.disable(logging.CRITICAL)
        server = mysql_on_sqlite.server(folder, DATABASE)
        await server.start_server(host="127.0.0.1", port=0)
        port = server._server.sockets[0].getsockname()[1]  # noqa: SLF001 - it does not tell otherwise
        try:
            yield f"mysql://root@127.0.0.1:{port}/{DATABASE}"
        finally:
            server.close()

    def errors(self) -> tuple[type[Exception], ...]:
        """What the server answers with, and what the library raises without a server."""
        import pymysql

        return OSError, EOFError, pymysql.MySQLError, RuntimeError

    def reason(self, error: BaseException) -> str | None:
        """What tells a wrong password, a missing database and a lost connection from other answers."""
        number = error.args[0] if error.args else None
        if type(error).__module__.partition(".")[0] not in {"pymysql", "aiomysql"}:
            return None
        if number in _DENIED:
            return "refuses the user or the password"
        if number in _NO_DATABASE:
            return "has no database of that name"
        return "closes the connection" if number in _LOST else None
