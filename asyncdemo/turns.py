"""How a thread beside a loop comes by the interpreter when it has rested or written.

A loop that has steps to run lets go of the interpreter's lock only for the moment in which it looks for input, and has
it back before a thread that waits for it has woken up. Where it was built, `compiled/turns.h` sees to it that the
thread has its turn; otherwise that may take a second and more.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from io import TextIOWrapper
from typing import IO, Any

from asyncdemo.compiled import hot

new_bell: Callable[[], Any] = hot.Bell if hot else allocate_lock
"""Makes what a thread rests on: a lock, with `acquire(timeout=seconds)` and `release`."""


def write(file: IO[str], text: str) -> None:
    """Writes text to a file, and all that it holds back.

    Raises:
        OSError: it cannot be written to.
    """
    descriptor = _descriptor(file)
    if descriptor is None or not isinstance(file, TextIOWrapper):
        file.write(text)
        file.flush()
    else:
        file.flush()
        hot.write(descriptor, text.encode(file.encoding, file.errors or "strict"))


def _descriptor(file: IO[str]) -> int | None:
    """What `hot` can write to: none for a file in memory."""
    try:
        return file.fileno() if hasattr(hot, "write") else None
    except (OSError, ValueError):
        return None
