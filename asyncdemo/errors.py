"""The one error that ends a command: a message of at most four lines and an exit code."""

from __future__ import annotations

USAGE = 2
UNAVAILABLE = 3
TIMED_OUT = 124


class AsyncdemoError(Exception):
    """What the user is told when a command cannot go on.

    Args:
        message: what was given, what is allowed and what to do; at most four lines.
        exit_code: the process's exit code: 1 unexpected, 2 usage, 3 not available here.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
