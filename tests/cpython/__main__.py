"""The proof that recording changes nothing: CPython's own asyncio tests, run plain and recorded, end alike.

Usage: python -m tests.cpython [MODULE...]

Each test module runs in a process of its own, twice: without the recorder and with one on every loop. Tests that end
differently run again, and what differs twice is printed; `excepted.toml` lists the differences that have a reason. Ends
with exit code 1 when one is not listed there, or when the recorder gave up.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
TIMEOUT_S = 180


@dataclass
class Run:
    """How the tests of one module ended in one process."""

    outcomes: dict[str, str] = field(default_factory=dict)
    complete: bool = False
    tasks: int = 0
    fault: str = ""


def modules() -> list[str]:
    """The test modules of this interpreter's asyncio, or none when it ships without its tests."""
    try:
        spec = find_spec("test.test_asyncio")
    except ModuleNotFoundError:
        return []
    places = spec.submodule_search_locations if spec else None
    return sorted(path.stem for place in places or () for path in Path(place).glob("test_*.py"))


def run(module: str, *, recorded: bool) -> Run:
    """Run one module in a process of its own, in an empty folder."""
    with tempfile.TemporaryDirectory(prefix="asyncdemo-") as folder:
        out = Path(folder, "outcomes")
        command = [sys.executable, str(HERE / "child.py"), f"test.test_asyncio.{module}", str(out)]
        try:
            ended = subprocess.run(
                [*command, "--record"] if recorded else command,
                check=False,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=TIMEOUT_S,
                text=True,
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            return read(out, f"still running after {TIMEOUT_S} s")
        last_words = ended.stderr.strip().rpartition("\n")[2]
        return read(out, f"died with exit code {ended.returncode}: {last_words}")


def read(out: Path, unfinished: str) -> Run:
    """What a child wrote down; `unfinished` is how its last test ended when it never reached the end."""
    result, running = Run(), "the module itself"
    for line in out.read_text(encoding="utf-8").splitlines() if out.exists() else ():
        what, text = json.loads(line)
        if what == "start":
            running = text
        elif what == "tasks":
            result.tasks = int(text)
        elif what == "fault":
            result.fault = text
        elif what == "end":
            result.complete = True
        else:
            result.outcomes[text] = worst(what, result.outcomes.get(text))
    if not result.complete:
        result.outcomes[running] = unfinished
    return result


def worst(new: str, old: str | None) -> str:
    """A test that failed in its body, a subtest or its clean-up has failed, whatever else is noted about it."""
    return new if old in {None, "ok", "skip"} else str(old)


def differences(plain: Run, recorded: Run) -> dict[str, str]:
    """Tests that did not end alike, each with what happened; what a process that died never reached is left out."""
    tests = plain.outcomes.keys() | recorded.outcomes.keys()
    if not (plain.complete and recorded.complete):
        unfinished = {test for each in (plain, recorded) if not each.complete for test in list(each.outcomes)[-1:]}
        tests = (plain.outcomes.keys() & recorded.outcomes.keys()) | unfinished
    pairs = {test: (plain.outcomes.get(test, "not run"), recorded.outcomes.get(test, "not run")) for test in tests}
    return {test: f"plain {before}, recorded {after}" for test, (before, after) in pairs.items() if before != after}


@dataclass
class Verdict:
    """What both runs of one module say."""

    module: str
    plain: Run
    recorded: Run
    differ: dict[str, str]
    unsteady: set[str]


def judge(module: str) -> Verdict:
    """Run a module both ways; where they differ, once more, for the tests that fail now and then by themselves."""
    plain, recorded = run(module, recorded=False), run(module, recorded=True)
    differ = differences(plain, recorded)
    if not differ:
        return Verdict(module, plain, recorded, {}, set())
    again = differences(run(module, recorded=False), run(module, recorded=True))
    steady = {test: what for test, what in differ.items() if again.get(test) == what}
    return Verdict(module, plain, recorded, steady, differ.keys() - steady.keys())


def excepted() -> Mapping[str, str]:
    """The tests that may differ, each with its reason."""
    with (HERE / "excepted.toml").open("rb") as file:
        reasons: dict[str, str] = tomllib.load(file)
    return reasons


def reason_for(test: str, reasons: Mapping[str, str]) -> str | None:
    """Why a test may differ, found by the pattern that its last two names match: `Class.test_name`."""
    name = ".".join(test.split(".")[-2:])
    return next((reason for pattern, reason in reasons.items() if fnmatchcase(name, pattern)), None)


def describe(verdict: Verdict, reasons: Mapping[str, str]) -> None:
    """One line a module, and one a difference."""
    ends = Counter(verdict.plain.outcomes.values())
    tests = ", ".join(f"{count} {end}" for end, count in sorted(ends.items())) or "no tests here"
    print(f"{verdict.module:24} {tests:32} {verdict.recorded.tasks:7,} tasks recorded", flush=True)
    for test, what in sorted(verdict.differ.items()):
        reason = reason_for(test, reasons)
        print(f"  {'excepted' if reason else 'DIFFERS '} {test}: {what}" + (f" ({reason})" if reason else ""))
    for test in sorted(verdict.unsteady):
        print(f"  unsteady {test}: ended differently once, alike when run again")
    if verdict.recorded.fault:
        print(f"  GAVE UP  {verdict.recorded.fault}")


def conclude(verdicts: Iterable[Verdict], reasons: Mapping[str, str]) -> int:
    """Print the totals; the exit code is 0 when every difference has a reason and the recorder was on."""
    verdicts = list(verdicts)
    tests = sum(len(verdict.plain.outcomes) for verdict in verdicts)
    tasks = sum(verdict.recorded.tasks for verdict in verdicts)
    differ = [test for verdict in verdicts for test in verdict.differ]
    excused = sum(reason_for(test, reasons) is not None for test in differ)
    faults = sum(bool(verdict.recorded.fault) for verdict in verdicts)
    print(
        f"\nPython {sys.version.split()[0]}: {tests:,} tests, {tasks:,} tasks recorded, {len(differ)} end differently, "
        f"{excused} of them excepted with a reason; the recorder gave up {faults} times"
    )
    return 1 if len(differ) > excused or faults or not tasks else 0


def main() -> int:
    """Judge the modules that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.cpython", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as test_tasks; default: all of them")
    chosen = parser.parse_args().modules or modules()
    if not chosen:
        print(f"{sys.executable} ships without its test package (Debian: apt install libpython3-testsuite)")
        return 1
    reasons = excepted()
    verdicts = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for verdict in pool.map(judge, chosen):
            describe(verdict, reasons)
            verdicts.append(verdict)
    return conclude(verdicts, reasons)


if __name__ == "__main__":
    sys.exit(main())
