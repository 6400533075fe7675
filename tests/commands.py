"""Command lines that tests run, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from asyncdemo.errors import USAGE


class Outcome(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    def check_refusal(self, said: str, code: int = USAGE) -> None:
        """Nothing was printed but one error of at most four lines that says this."""
        assert (self.code, self.out) == (code, "")
        assert said in self.err
        assert self.err.startswith("asyncdemo: ")
        assert len(self.err.splitlines()) <= 4
        assert "Traceback" not in self.err


Asyncdemo = Callable[..., Outcome]
"""Runs a command line in this process."""
