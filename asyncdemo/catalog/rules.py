"""The error for a concept's file that breaks the rules for such files."""

from __future__ import annotations


class RuleError(Exception):
    """A concept's file breaks a rule.

    Args:
        line: where, 1 and up.
        message: which rule, as a sentence without its full stop.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message
