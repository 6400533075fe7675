"""What is compiled, `_hot.c`, where it was built."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Collection
from importlib import import_module
from typing import Any, Protocol, TypeVar

WITHOUT = "ASYNCDEMO_PURE_PYTHON"
"""The environment variable that, unless it is empty, asks for the twins in Python."""


def _hot() -> Any:
    """The module, or None: it was not built, nobody wants it, or this Python runs without its global lock.

    There an extension module that needs the lock would bring it back, and the program would run differently.
    """
    if os.environ.get(WITHOUT) or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return None
    try:
        return import_module("asyncdemo.compiled._hot")
    except ImportError:
        return None


hot: Any = _hot()


_Known = TypeVar("_Known")


class ByIdentity(Protocol[_Known]):
    """What is known of objects, by their identity, in the order in which it came."""

    def __len__(self) -> int: ...
    def __contains__(self, identity: object, /) -> bool: ...
    def __getitem__(self, identity: int, /) -> _Known: ...
    def __setitem__(self, identity: int, known: _Known, /) -> None: ...
    def __delitem__(self, identity: int, /) -> None: ...

    def get(self, identity: int, /) -> _Known | None:
        """What is known of this object, or None."""

    def pop(self, identity: int, otherwise: None, /) -> _Known | None:
        """The same; from now on nothing is."""

    def values(self) -> Collection[_Known]:
        """All that is known."""


def by_identity() -> Any:
    """An empty `ByIdentity`: a dictionary, or, compiled, one that makes no objects of addresses."""
    return hot.ByIdentity() if hot else {}


def numbers(base: type, **kinds: type) -> Any:
    """A subclass of `base` with a slot for each of `kinds`.

    What is compiled finds machine numbers there, without making objects: a double for a `float`, 32 bits for an `int`,
    a flag for a `bool`. Without it they are slots like others.
    """
    if hot is None:
        return type(base.__name__, (base,), {"__slots__": tuple(kinds)})
    return hot.numbers(base, kinds)


def objects(*names: str) -> tuple[str, ...]:
    """The other slots of such a class, in words that do not tell mypy that there are no more than these."""
    return names
