"""The forgotten-await concept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

Run = Callable[..., tuple[list[str], int]]

WARNING = "RuntimeWarning: coroutine 'some_async_func' was never awaited"


def test_the_warning_comes_when_the_coroutine_goes_away(run: Run) -> None:
    """It is the last line when something keeps the forgotten coroutine, and comes at once otherwise."""
    assert run("forgotten-await")[0].index(WARNING) == 1
    kept, _ = run("forgotten-await", keep=True)
    assert kept == [
        "Without await the result is a coroutine",
        "Working...",
        "With await the result is 'some data', time: 1.00 seconds",
        WARNING,
    ]


def test_the_forgotten_call_runs_nothing(run: Run) -> None:
    """Of the two calls one gets to work."""
    lines, took_ns = run("forgotten-await", delay=3)
    assert lines.count("Working...") == 1
    assert took_ns == 3_000_000_000


def test_no_filter_is_needed_to_see_the_warning() -> None:
    """A program that sets no filter gets the warning on stderr."""
    code = "from asyncdemo.concepts.pitfalls.forgotten_await import bad_call; bad_call(1)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    program = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert WARNING in program.stderr
