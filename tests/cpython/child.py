"""Run one module of CPython's asyncio tests, recorded or not, and write down how each test ended.

Usage: python child.py MODULE OUTCOMES [--record]

A line of JSON for each event goes to the file OUTCOMES as it happens, so that a test that hangs or kills the process
can be named.
"""

from __future__ import annotations

import json
import resource
import sys
import unittest
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

MOST_MEMORY = 4 << 30
"""Bytes of address space: a recording that runs away must not take the machine with it."""


class Outcomes(unittest.TestResult):
    """Writes `["start", test]` and `[outcome, test]` lines instead of printing."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self.buffer = True
        self.out = out

    def note(self, what: str, test: Any) -> None:
        """Write one event about one test down."""
        self.out.write(json.dumps([what, test if isinstance(test, str) else test.id()]) + "\n")
        self.out.flush()

    def startTest(self, test: unittest.TestCase) -> None:
        """Also says which test runs, in case that it never ends."""
        super().startTest(test)
        self.note("start", test)

    def addSuccess(self, test: unittest.TestCase) -> None:
        """It passed."""
        super().addSuccess(test)
        self.note("ok", test)

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """It, or what sets it up or cleans up after it, raised."""
        super().addError(test, err)
        self.note("error", test)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        """An assertion did not hold."""
        super().addFailure(test, err)
        self.note("fail", test)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        """A part of it ended; only a failed part says something about the whole."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note("fail", test)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """It does not apply here."""
        super().addSkip(test, reason)
        self.note("skip", test)

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        """It failed as its authors expect."""
        super().addExpectedFailure(test, err)
        self.note("expected", test)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        """It passed although its authors expect it to fail."""
        super().addUnexpectedSuccess(test)
        self.note("unexpected", test)


def run(module: str, outcomes: Outcomes) -> None:
    """Run every test of a module as `python -m test` would without any extra resource."""
    from test import support

    support.use_resources = []
    with suppress(unittest.SkipTest):
        unittest.defaultTestLoader.loadTestsFromName(module).run(outcomes)


def run_recorded(module: str, outcomes: Outcomes) -> None:
    """The same with a recorder on every loop that the tests make; says how much it saw and whether it gave up."""
    from asyncdemo.recorder import Recorder

    recorder = Recorder()
    recorder.start()
    run(module, outcomes)
    trace = recorder.stop()
    outcomes.note("tasks", str(len(trace.tasks)))
    if recorder.fault:
        outcomes.note("fault", recorder.fault)


def main() -> None:
    """Do what the command line says."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    module, path, *flags = sys.argv[1:]
    with Path(path).open("w", encoding="utf-8") as out:
        (run_recorded if flags == ["--record"] else run)(module, Outcomes(out))
        out.write('["end", ""]\n')


if __name__ == "__main__":
    main()
