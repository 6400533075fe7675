"""What exceptions say of a server, in words."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from asyncdemo.servers.base.server import Server

_NO_WAY: dict[type[BaseException], str] = {
    socket.gaierror: "has a host name that nobody knows",
    ConnectionRefusedError: "refuses the connection",
}
"""What no library words better."""
_IN_BETWEEN: dict[type[BaseException], str] = {
    TimeoutError: "does not answer in time",
    ConnectionError: "closes the connection",
    EOFError: "closes the connection",
}


def reason(server: Server, error: BaseException) -> str:
    """What `error` says of the server, as the predicate of a sentence about it."""
    chain = list(_chain(error))
    if said := _of_type(chain, _NO_WAY):
        return said
    if any("Connect call failed" in str(each) for each in chain):
        return _NO_WAY[ConnectionRefusedError]
    if said := next(filter(None, map(server.reason, chain)), None) or _of_type(chain, _IN_BETWEEN):
        return said
    return f"answers with an error: {first_line(error)}"


def _of_type(chain: list[BaseException], words: dict[type[BaseException], str]) -> str | None:
    return next((said for kind, said in words.items() if any(isinstance(each, kind) for each in chain)), None)


def is_of_server(server: Server, error: BaseException) -> bool:
    """Whether `error` tells of the server and not of a mistake in the program."""
    return isinstance(error, (*server.errors(), TimeoutError))


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The exceptions that a group holds, all the way down; `error` itself when it is no group."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from leaves(each)
    else:
        yield error


def first_line(error: BaseException) -> str:
    """Type and message of `error`."""
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error`, what it was raised from or in, and so on."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        each = pending.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        pending += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            pending += each.exceptions
