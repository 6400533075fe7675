"""The servers that the library concepts talk to: a file of this folder each, which is all that it takes to add one.

The file's name is the server's, and its class derives from `Server`. A concept names its server in its docstring; the
server's address reaches it as its parameter `url`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from asyncdemo.servers.base.server import Server

__all__ = ["Server", "find", "names"]


@cache
def names() -> tuple[str, ...]:
    """The names of all servers."""
    return tuple(
        sorted(each.name for each in iter_modules(__path__) if not each.ispkg and not each.name.startswith("_"))
    )


@cache
def find(name: str) -> Server:
    """The server called `name`.

    Raises:
        KeyError: there is none.
    """
    if name not in names():
        raise KeyError(name)
    module = import_module(f"{__name__}.{name}")
    kinds = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    return next(kind() for kind in kinds if issubclass(kind, Server))
