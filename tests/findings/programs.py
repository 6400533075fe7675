"""The corpus: small programs that have a fault, marked at its line, and sound ones."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from asyncdemo.errors import AsyncdemoError
from asyncdemo.findings import Finding, Severity, check
from asyncdemo.recorder import RealClock, Recorder, VirtualClock
from asyncdemo.run import Script, run_script
from asyncdemo.trace import Trace

FOLDER = Path(__file__).parent / "corpus"
FAULTY = sorted(FOLDER.glob("*_faulty_*.py"))
SOUND = sorted(FOLDER.glob("*_sound_*.py"))
MARK = re.compile(r"# <- (AD\d+(?:, AD\d+)*)$")


class Fault(NamedTuple):
    """What a program of the corpus has: the rule, and the line."""

    rule: str
    line: int


def is_real(path: Path) -> bool:
    """Whether a program needs real time: it uses threads or sockets, or computes."""
    return path.read_text(encoding="utf-8").splitlines()[0].endswith('real"""')


def marked(path: Path) -> list[Fault]:
    """The faults that are marked in a program."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [(MARK.search(line), number) for number, line in enumerate(lines, 1)]
    return [Fault(rule, number) for match, number in found if match for rule in match[1].split(", ")]


def recorded(path: Path, loop: str | None = None) -> Trace:
    """The recording of a program, in virtual time where that will do."""
    main = sys.modules["__main__"]
    clock = RealClock() if is_real(path) or loop else VirtualClock()
    recorder = Recorder(clock=clock, closely=True, hold_output=True)
    try:
        return run_script(Script.read(str(path)), recorder=recorder, clock=clock, loop=loop).trace
    except AsyncdemoError:
        return recorder.stop()  # it can never end, and virtual time says so
    finally:
        sys.modules["__main__"] = main
        gc.collect()


def findings(trace: Trace, notes_of: Collection[str] = ()) -> list[Finding]:
    """What the rules find, notes left out but for those of some rules; no rule fails."""
    report = check(trace)
    assert report.skipped == ()
    return [each for each in report.findings if each.severity > Severity.NOTE or each.rule in notes_of]
