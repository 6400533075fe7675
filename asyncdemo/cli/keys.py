"""Single key presses: what is typed at a prompt, without Enter where the terminal allows it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from asyncdemo.run.interrupts import Interrupts

ENTER = "\n"
_END = "\x04"
_MOST = 32


def pressed(keys: str, end: str) -> str:
    """Waits for one of `keys`, which are lower-case letters and ENTER, and returns it.

    What was typed before is forgotten, for it was not an answer. When there is nothing more to read it returns `end`.

    Raises:
        KeyboardInterrupt: Ctrl+C was pressed; the terminal is as it was, here as after every other end.
    """
    with _unbuffered() as at_once:
        while True:
            typed = _read_key() if at_once else _read_line()
            if typed in {"", _END}:
                return end
            if typed in keys:
                return typed


def _read_key() -> str:
    """One key; one that sends several characters, such as an arrow, is no letter."""
    typed = os.read(sys.stdin.fileno(), _MOST).decode(errors="replace").replace("\r", ENTER)
    return typed[:1].lower() if typed[:1] != "\x1b" else typed


def _read_line() -> str:
    return sys.stdin.readline().lstrip(" \t")[:1].lower()


@contextmanager
def _unbuffered() -> Iterator[bool]:
    """Lets the terminal hand over each key as it is pressed and show none; False where it cannot."""
    try:
        import termios
        import tty
    except ImportError:
        yield False
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def restore(_code: int = 0) -> None:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    with Interrupts(restore):
        try:
            tty.setcbreak(descriptor)
            yield True
        finally:
            restore()
