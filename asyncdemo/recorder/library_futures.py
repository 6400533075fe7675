"""Futures that a library hands out bare: nothing in the chain of awaits tells them from others, so they are marked.

They are marked where the library makes them, in functions of its own that do not raise: no frame of ours stands in the
program's tracebacks.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from asyncdemo.recorder.awaits import MARK
from asyncdemo.recorder.hooks import Hooks

_DNS_MAKERS = ("_get_future_callback", "_get_query_future_callback")
"""Methods of aiodns' resolver that make a future and the callback that completes it."""


def install(hooks: Hooks) -> None:
    """Marks the futures of aiodns, as soon as the program imports it, with what is waited for."""
    hooks.when_imported("aiodns", lambda aiodns: _install(hooks, aiodns))


def _install(hooks: Hooks, aiodns: ModuleType) -> None:
    resolver = aiodns.DNSResolver
    for name in _DNS_MAKERS:
        if hasattr(resolver, name):
            hooks.stand_in(resolver, name, _marking(getattr(resolver, name), "DNS answer"))


def _marking(original: Callable[..., tuple[Any, Any]], answer: str) -> Callable[..., tuple[Any, Any]]:
    def make(*args: Any) -> tuple[Any, Any]:
        future, callback = original(*args)
        setattr(future, MARK, answer)
        return future, callback

    return make
