"""MongoDB. The embedded one speaks its protocol with nx-27017; what answers behind it is SQLite, in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from asyncdemo.servers.base.server import Server

_DENIED = "refuses the user or the password"
_ANSWERED = {13: _DENIED, 18: _DENIED, 8000: _DENIED, 40573: "has no change streams, for it is no replica set"}
"""What the codes of MongoDB's errors say."""
_UNKNOWN = "has a host name that nobody knows"
_MET = {
    "refused": "refuses the connection",
    "timed out": "does not answer in time",
    "operation cancelled": "does not answer in time",  # to the client's heartbeat, which gives up all connections
    "not known": _UNKNOWN,
    "name resolution": _UNKNOWN,
    "getaddrinfo failed": _UNKNOWN,
}
"""What the system's words, of which the library keeps nothing but the text, say."""
_LOOK_S = 0.02
_CONNECT_MS = 1000
"""By itself the client would finish an attempt of twenty seconds, even when nobody waits for it any more."""


class Mongo(Server):
    """MongoDB, or what speaks its protocol."""

    title = "MongoDB"
    library = "pymongo"
    extra = "mongo"
    embedded = "nx_27017"
    distribution = "nx-27017"

    async def ping(self, url: str) -> str:
        """The version that `buildInfo` gives."""
        import asyncio

        from pymongo import AsyncMongoClient

        client: AsyncMongoClient[Any] = AsyncMongoClient(url, connectTimeoutMS=_CONNECT_MS)
        async with client, asyncio.TaskGroup() as group:
            watching = group.create_task(_unreachable(client))
            info = await client.admin.command("buildInfo")
            watching.cancel()
        return f"MongoDB {info['version']}"

    @asynccontextmanager
    async def serve(self, folder: Path) -> AsyncIterator[str]:
        """The protocol, with SQLite behind it."""
        import logging

        from asyncdemo.servers.base import mongo_on_sqlite

        logging.disable(logging.CRITICAL)
        async with mongo_on_sqlite.serving() as port:
            yield f"mongodb://127.0.0.1:{port}/test"

    def errors(self) -> tuple[type[Exception], ...]:
        """All that the library raises."""
        from pymongo.errors import PyMongoError

        return OSError, PyMongoError

    def reason(self, error: BaseException) -> str | None:
        """What tells a wrong password, a server by itself and a lost connection from other answers."""
        from pymongo import errors

        if isinstance(error, errors.OperationFailure):
            return _ANSWERED.get(error.code or 0)
        if isinstance(error, errors.ConfigurationError):
            return f"cannot be asked: {error}"
        if isinstance(error, errors.ConnectionFailure):
            return next((said for words, said in _MET.items() if words in str(error)), "closes the connection")
        return None


async def _unreachable(client: Any) -> None:
    """Raises what the client met when it cannot reach any of its servers; by itself it would try for half a minute."""
    import asyncio

    while True:
        faults = [each.error for each in client.topology_description.server_descriptions().values()]
        if faults and all(faults):
            raise faults[0]
        await asyncio.sleep(_LOOK_S)
