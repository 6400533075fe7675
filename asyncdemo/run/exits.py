"""How processes end."""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn

INTERRUPTED = 130
"""Ctrl+C."""


def exit_code(request: SystemExit) -> int:
    """The exit code that `request` asks for, 0 to 255; its text, if it has one, is printed to stderr as Python does."""
    code = request.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1


def is_interrupt(error: BaseException | None) -> bool:
    """Whether `error` is a Ctrl+C, or came of unwinding one: a loop that was left halfway cannot be closed."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__context__
    return False


def end_process(code: int) -> NoReturn:
    """Ends the process without the interpreter's clean-up, once everything printed has been written out."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, RuntimeError, ValueError, AttributeError):
            continue
    os._exit(code)


def terminate_children() -> None:
    """Ends the processes that `multiprocessing` started, and does not wait for them."""
    active_children = getattr(sys.modules.get("multiprocessing.process"), "active_children", list)
    for child in active_children():
        child.terminate()


def abandon_threads(code: int) -> None:
    """Ends the process now when threads are still at work, which the interpreter would wait for."""
    if any(not each.daemon for each in threading.enumerate() if each is not threading.main_thread()):
        terminate_children()
        end_process(code)
