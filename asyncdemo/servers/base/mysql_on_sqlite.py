"""What answers behind the embedded MySQL: SQLite, and a clock for `SLEEP`. Imported by its keeper alone."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

from mysql_mimic import IdentityProvider, MysqlServer, Session, User
from mysql_mimic.errors import MysqlError
from sqlglot import expressions

_UNKNOWN_DATABASE, _UNKNOWN = 1049, 1105
_NUMBERS = {"no such table": 1146, "CHECK constraint failed": 4025, "UNIQUE constraint failed": 1062}
"""MySQL's number of an error, by what SQLite says of it."""
_ENDS = (expressions.Commit, expressions.Rollback)


def server(folder: Path, database: str) -> Any:
    """A server of one `database`, which is a file in `folder`, and of one user, `root`, who has no password."""
    return MysqlServer(lambda: _OnSQLite(folder, database), identity_provider=_RootAlone())


class _RootAlone(IdentityProvider):  # type: ignore[misc]
    async def get_user(self, username: str) -> User | None:
        return User(name=username, auth_plugin="mysql_native_password") if username == "root" else None


class _OnSQLite(Session):  # type: ignore[misc]
    """One connection of a client, on a connection to SQLite of its own."""

    def __init__(self, folder: Path, database: str) -> None:
        super().__init__()
        self.middlewares.insert(0, self._answer)
        self._known = {None, "", database}
        self._sqlite = sqlite3.connect(folder / f"{database}.sqlite", isolation_level=None, timeout=0)

    async def handle_query(self, sql: str, attrs: dict[str, str]) -> Any:
        if self.database not in self._known:
            raise MysqlError(f"Unknown database '{self.database}'", code=_UNKNOWN_DATABASE)
        return await super().handle_query(sql, attrs)

    async def query(self, expression: Any, sql: str, attrs: dict[str, str]) -> Any:
        return self._execute(expression)

    async def close(self) -> None:
        self._sqlite.close()
        await super().close()

    async def _answer(self, query: Any) -> Any:
        """Answers what mysql-mimic would answer by itself, and otherwise."""
        call = query.expression.find(expressions.Anonymous)
        if call is not None and call.name.upper() == "SLEEP":
            await asyncio.sleep(float(call.expressions[0].name))
            return [(0,)], [call.sql()]
        begins = isinstance(query.expression, expressions.Transaction)
        if not begins and not isinstance(query.expression, _ENDS):
            return await query.next()
        return self._execute(query.expression) if begins or self._sqlite.in_transaction else ([], [])

    def _execute(self, expression: Any) -> Any:
        try:
            cursor = self._sqlite.execute(expression.sql(dialect="sqlite"))
        except sqlite3.Error as error:
            number = next((code for words, code in _NUMBERS.items() if words in str(error)), _UNKNOWN)
            raise MysqlError(str(error), code=number) from None
        return cursor.fetchall(), [column[0] for column in cursor.description or ()]
