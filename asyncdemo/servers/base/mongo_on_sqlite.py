"""What answers behind the embedded MongoDB: nx-27017 over SQLite, in memory. Imported by its keeper alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from nx_27017.handler import NeoSQLiteHandler
from nx_27017.server import handle_client

_AWAIT_MS = 1000
"""How long MongoDB holds back an empty answer when the client does not say."""
_THREADS = 200
"""Each client that waits for an answer has one."""


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """The port at which the protocol is spoken."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
    handler = _Awaiting("memory")
    server = await asyncio.start_server(lambda *streams: handle_client(*streams, handler), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        handler.end()


class _Awaiting(NeoSQLiteHandler):  # type: ignore[misc]
    """Who asks a change stream for more waits until there is more, as with MongoDB.

    nx-27017 answers at once that there is none; a client would ask all the time.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._changed = threading.Condition()
        self._changes = 0
        self._ended = False

    def handle_insert(self, message: dict[str, Any]) -> Any:
        return self._told(super().handle_insert(message))

    def handle_command(self, message: dict[str, Any]) -> Any:
        question = next(section for kind, section in message["sections"] if kind == "body")
        if "getMore" not in question:
            return self._told(super().handle_command(message))
        end = time.monotonic() + question.get("maxTimeMS", _AWAIT_MS) / 1000
        while True:
            changes = self._changes
            answer = super().handle_command(message)
            if not self._awaits(answer, end):
                return answer
            self._wait_for_more_than(changes, end - time.monotonic())

    def end(self) -> None:
        """Nobody waits any longer."""
        self._ended = True
        self._told(None)

    def _awaits(self, answer: tuple[int, dict[str, Any]], end: float) -> bool:
        cursor = answer[1].get("cursor", {})
        return not self._ended and time.monotonic() < end and bool(cursor.get("id")) and not cursor.get("nextBatch")

    def _wait_for_more_than(self, changes: int, timeout_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._changes > changes, timeout_s)

    def _told(self, answer: Any) -> Any:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()
        return answer
