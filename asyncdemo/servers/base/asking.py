"""Asking a server whether it answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from asyncdemo.addresses import Mask, masked
from asyncdemo.errors import UNAVAILABLE, AsyncdemoError
from asyncdemo.servers.base.reasons import first_line, is_of_server, leaves, reason
from asyncdemo.servers.base.server import Server

PATIENCE_S = 5.0
"""How long a server may take to answer."""


def ping(server: Server, url: str, timeout_s: float = PATIENCE_S) -> str:
    """The version that the server at `url` answers with. The library must be installed.

    Raises:
        AsyncdemoError: it does not answer, or not as it should (exit code 3); the message says why.
    """

    async def ask() -> str:
        async with asyncio.timeout(timeout_s):
            return await server.ping(url)

    try:
        with _silence():
            return asyncio.run(ask())
    except Exception as error:  # noqa: BLE001 - whatever it is, the server does not answer as it should
        why = Mask(url)(reason(server, error))
        message = f"The server at {masked(url)} {why}.\n{_remedy(server)}"
        raise AsyncdemoError(message, UNAVAILABLE) from None


def told(server: Server, url: str, error: BaseException) -> str | None:
    """What to say of `error`, which ended a concept, if it tells of the server; None if it tells of anything else."""
    found = list(leaves(error))
    if not all(is_of_server(server, each) for each in found):
        return None
    why, what = (Mask(url)(text) for text in (reason(server, found[0]), first_line(found[0])))
    detail = "" if what in why else f"\n{what}"
    return f"asyncdemo: The server at {masked(url)} {why}, in the middle of the run.{detail}\n"


@contextmanager
def without_echo(server: Server) -> Iterator[None]:
    """Keeps asyncio and the library from logging what failed with the server; that it did is told anyway."""

    def tells(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return error is None or not all(is_of_server(server, each) for each in leaves(error))

    logger = logging.getLogger("asyncio")
    logger.addFilter(tells)
    levels = {each: each.level for each in map(logging.getLogger, server.loggers)}
    for each in levels:
        each.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.removeFilter(tells)
        for each, level in levels.items():
            each.setLevel(level)


def _remedy(server: Server) -> str:
    return "Without --url an embedded server is started." if server.embedded else server.advice


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps the libraries from logging what is said in words anyway."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
