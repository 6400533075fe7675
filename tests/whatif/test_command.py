"""`asyncdemo check --what-if`: what is printed, as text and for machines, and exit codes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from asyncdemo import tracefile
from tests.commands import Asyncdemo
from tests.findings.test_check import run
from tests.whatif.test_truth import run as recorded

PROGRAM = """
import asyncio

async def fetch(slots):
    async with slots:
        await asyncio.sleep(1)

async def main():
    slots = asyncio.Semaphore(5)
    await asyncio.gather(*(fetch(slots) for _ in range(20)))

asyncio.run(main())
"""


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """The path of a recording: ten tasks that share three slots, four seconds."""
    tracefile.save(recorded("semaphore", tasks=10, limit=3, hold=1), tmp_path / "run.trace")
    return str(tmp_path / "run.trace")


def test_a_program_is_run_and_its_changes_are_predicted(tmp_path: Path) -> None:
    """After the findings each change stands with its total, what decides that one, and how it was found out."""
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")
    asked = ["--what-if", "limit=10", "--what-if", "no wait AT app.py:6", "--what-if", "limit=2"]
    done = run("check", "--clock", "virtual", *asked, "app.py", folder=tmp_path)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[lines.index("what if limit=10: 2.00 s instead of 4.00 s (2.0x faster), predicted") :][:9] == [
        "what if limit=10: 2.00 s instead of 4.00 s (2.0x faster), predicted",
        "  then first on the critical path: slot of Semaphore, 1.00 s of 2.00 s",
        "  simulated; with nothing changed the simulation takes 4.00 s",
        "what if no wait AT app.py:6: 0 ms instead of 4.00 s, predicted",
        "  simulated; with nothing changed the simulation takes 4.00 s",
        "what if limit=2: 10.00 s instead of 4.00 s (2.5x slower), predicted",
        "  then first on the critical path: slot of Semaphore, 9.00 s of 10.00 s",
        "  simulated; with nothing changed the simulation takes 4.00 s",
        "",
    ]


TWO_LIMITS = """
import asyncio

async def fetch(slots):
    async with slots:
        await asyncio.sleep(1)

async def main():
    for limit in 2, 5:
        slots = asyncio.Semaphore(limit)
        await asyncio.gather(*(fetch(slots) for _ in range(20)))

asyncio.run(main())
"""
POOL = """
import asyncio, time
from concurrent.futures import ThreadPoolExecutor

async def main():
    with ThreadPoolExecutor(2) as pool:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(pool, time.sleep, 0.1) for _ in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("program", "clock", "tried"),
    [
        pytest.param(PROGRAM, "virtual", ["limit=10"], id="a semaphore"),
        pytest.param(TWO_LIMITS, "virtual", ["limit of Semaphore 2=10", "limit of Semaphore=4"], id="semaphores"),
        pytest.param(POOL, "real", ["workers=4"], id="a pool"),
    ],
)
def test_what_a_finding_says_to_try_can_be_tried(program: str, clock: str, tried: list[str], tmp_path: Path) -> None:
    """A bottleneck names the change to ask for, in full where there are several, and that is predicted."""
    (tmp_path / "app.py").write_text(program, encoding="utf-8")
    done = run("check", "--clock", clock, "--format", "json", "--save", "run.trace", "app.py", folder=tmp_path)
    changes = [each["change"] for each in json.loads(done.stdout)["findings"]]
    assert sorted(changes) == tried
    asked = [word for change in changes for word in ("--what-if", change)]
    said = run("check", *asked, "--width", "200", "run.trace", folder=tmp_path).stdout
    assert said.count("faster), predicted") == len(tried)
    assert all(f"try: asyncdemo check --what-if {shlex.quote(change)}" in said for change in changes)


def test_a_change_without_effect(saved: str, asyncdemo: Asyncdemo) -> None:
    """It is said that the total stays."""
    assert "what if limit=3: 4.00 s as before, predicted\n" in asyncdemo("check", "--what-if", "limit=3", saved).out


def test_a_change_that_fits_nothing(saved: str, asyncdemo: Asyncdemo) -> None:
    """What there is, is said beside the other predictions; the exit code is that of bad usage."""
    done = asyncdemo("check", "--what-if", "batch=3", "--what-if", "limit=5", "--width", "200", saved)
    assert done.code == 2
    assert (
        "what if batch=3: not predicted: the program has no loop that makes tasks and awaits some at a time" in done.out
    )
    assert "what if limit=5: 2.00 s instead of 4.00 s (2.0x faster), predicted" in done.out
    assert done.out.endswith("exit 2\n")


def test_a_narrow_terminal(saved: str, asyncdemo: Asyncdemo) -> None:
    """No line is longer than there is room."""
    asked = ["--what-if", "limit=5", "--what-if", "limit AT somewhere.py:1=3"]
    out = asyncdemo("check", *asked, "--width", "40", saved).out
    assert "what if limit=5: 2.00 s instead of" in out
    assert max(map(len, out.splitlines())) < 40


def test_predictions_for_machines(saved: str, asyncdemo: Asyncdemo) -> None:
    """JSON has a field with every prediction, and what refuses one."""
    done = asyncdemo("check", "--what-if", "limit=5", "--what-if", "batch=5", "--format", "json", saved)
    first, second = json.loads(done.out)["what_if"]
    assert first == {
        "change": "limit=5",
        "recorded_ns": 4_000_000_000,
        "unchanged_ns": 4_000_000_000,
        "predicted_ns": 2_000_000_000,
        "cause": "slot of Semaphore",
        "cause_ns": 1_000_000_000,
        "assumed": [],
        "refused": None,
    }
    assert (second["predicted_ns"], second["unchanged_ns"], second["cause"]) == (None, None, None)
    assert second["refused"].startswith("the program has no loop")
    assert json.loads(asyncdemo("check", "--format", "json", saved).out)["what_if"] == []


def test_a_bad_change_is_told_before_the_run(tmp_path: Path) -> None:
    """The program does not begin."""
    (tmp_path / "app.py").write_text("print('runs')\n", encoding="utf-8")
    done = run("check", "--what-if", "limit=many", "app.py", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("asyncdemo: --what-if 'limit=many': 'many' is not a count")


def test_options_behind_a_recording_are_refused(saved: str, asyncdemo: Asyncdemo) -> None:
    """Whatever follows a script is the script's; a recording takes nothing, so that nothing is passed over."""
    asyncdemo("check", saved, "--what-if", "limit=5").check_refusal(
        "takes no arguments: put --what-if limit=5 before it"
    )


def test_a_program_that_hangs_is_not_simulated(tmp_path: Path) -> None:
    """The hang is told; there is no total to predict."""
    program = "import asyncio\n\nasync def main():\n    await asyncio.Event().wait()\n\nasyncio.run(main())\n"
    (tmp_path / "app.py").write_text(program, encoding="utf-8")
    done = run("check", "--what-if", "limit=5", "app.py", folder=tmp_path)
    assert done.returncode == 1
    assert "what if limit=5: not predicted: the program hung\n" in done.stdout
