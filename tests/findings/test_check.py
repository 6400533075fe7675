"""`asyncdemo check` and `explain`: exit codes, formats, configuration, bad input, and programs that never end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from asyncdemo import findings, tracefile
from asyncdemo.findings import Finding, Rule, Severity, check, rules, selection
from asyncdemo.findings.facts import Facts
from tests.commands import Asyncdemo
from tests.findings.programs import FOLDER, recorded
from tests.traces import TraceBuilder

PROJECT = Path(__file__).parents[2]
BLOCKING = FOLDER / "ad101_faulty_a_sleep.py"
SOUND = FOLDER / "ad101_sound_a_async_sleep.py"
HANGING = FOLDER / "ad301_faulty_a_order.py"
SERVER = """
import asyncio

async def echo(reader, writer):
    writer.close()

async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()

asyncio.run(main())
"""
SIGNALLED = """
import asyncio, signal

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, stop.set)
    print("waiting", flush=True)
    await stop.wait()

asyncio.run(main())
"""

INTERRUPTED = """
import asyncio, os, signal

async def work():
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.6)

async def main():
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGINT)
    await asyncio.gather(work(), work())

asyncio.run(main())
"""


def run(*arguments: str | Path, timeout: float = 60, folder: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """Run a command line in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "COLUMNS": "100", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "asyncdemo", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, check=False, cwd=folder, encoding="utf-8", env=environment, timeout=timeout
    )


def test_a_fault_is_told_with_its_line() -> None:
    """The text names the place, the rule, the call, the evidence and the concept; the exit code is 1."""
    done = run("check", "--clock", "virtual", BLOCKING)
    assert done.returncode == 1
    assert "ad101_faulty_a_sleep.py:9  AD101 blocked loop" in done.stdout
    assert "fetch() held the loop for 300 ms in time.sleep(0.3); 2 tasks were ready and waited" in done.stdout
    assert "evidence: step 2 of task 'Task-2', 0.010 s to 0.310 s" in done.stdout
    assert "learn: asyncdemo blocking" in done.stdout
    assert done.stdout.endswith("1 finding · critical path 310 ms of 310 ms · exit 1\n")


def test_a_sound_program_has_its_own_exit_code(tmp_path: Path) -> None:
    """Without findings the exit code is the program's, and its output is left as it is."""
    (tmp_path / "app.py").write_text("import sys\nprint('hello')\nsys.exit(7)\n", encoding="utf-8")
    done = run("check", "app.py", folder=tmp_path)
    assert (done.returncode, done.stdout) == (7, "hello\n0 findings · no asyncio task ran · exit 7\n")
    assert run("check", "--clock", "virtual", SOUND).returncode == 0


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_program_that_hangs_is_ended(loop: str) -> None:
    """A deadlock is told soon after its last event, with who holds what, and the run is ended; no traceback."""
    done = run("check", "--loop", loop, HANGING)
    assert done.returncode == 1
    assert "waits for Lock 2, held by" in done.stdout
    assert ": a circle" in done.stdout
    assert done.stderr == ""


def test_a_hang_is_found_within_a_second(tmp_path: Path) -> None:
    """From the last event to the end of the recording less than a second passes."""
    saved = tmp_path / "hang.trace"
    run("check", "--save", saved, HANGING)
    trace = tracefile.load(saved)
    assert trace.duration_ns - trace.hangs.t_ns[0] < 1_000_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("program", [SERVER, SIGNALLED], ids=["a server", "a signal"])
def test_waiting_for_the_world_is_no_hang(program: str, loop: str, tmp_path: Path) -> None:
    """A server without a client, and a task that waits for a signal, are left alone until the time-out ends them."""
    (tmp_path / "app.py").write_text(program, encoding="utf-8")
    done = run("check", "--timeout", "2", "--loop", loop, "app.py", folder=tmp_path)
    assert done.returncode == 124
    assert "0 findings" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_program_that_is_slow_to_be_interrupted(loop: str, tmp_path: Path) -> None:
    """From Ctrl+C on it counts how long a program takes to end, and the line is where it cleans up."""
    (tmp_path / "app.py").write_text(INTERRUPTED, encoding="utf-8")
    done = run("check", "--loop", loop, "app.py", folder=tmp_path)
    assert done.returncode == 130
    assert "app.py:8  AD105 slow shutdown" in done.stdout
    assert "went by from the interrupt to the end of the loop" in " ".join(done.stdout.split())


def test_a_recording_can_be_checked(tmp_path: Path, asyncdemo: Asyncdemo) -> None:
    """A saved recording gives the findings that the run gave; without any that count the exit code is 0."""
    tracefile.save(recorded(BLOCKING), tmp_path / "run.trace")
    found = asyncdemo("check", str(tmp_path / "run.trace"))
    assert found.code == 1
    assert "AD101 blocked loop" in found.out
    assert asyncdemo("check", "--ignore", "AD101", str(tmp_path / "run.trace")).code == 0


def test_the_critical_path_is_drawn(asyncdemo: Asyncdemo, tmp_path: Path) -> None:
    """Under the causes stands a lane for each task that decided, where it did; of a run that hangs there is none."""
    tracefile.save(recorded(BLOCKING), tmp_path / "run.trace")
    told = asyncdemo("check", "--width", "80", "--ascii", str(tmp_path / "run.trace")).out
    (lane,) = [line for line in told.splitlines() if line.startswith("  other")]
    cells, decided = lane.split()[1:]
    assert decided == "310"
    asleep = cells.count("=")
    assert cells == "=" * asleep + "#" * (len(cells) - asleep)
    assert abs(asleep - len(cells) * 100 / 310) <= 1
    tracefile.save(recorded(HANGING), tmp_path / "hang.trace")
    assert "critical path" not in asyncdemo("check", str(tmp_path / "hang.trace")).out


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 1),
        (["--fail-on", "error"], 0),
        (["--fail-on", "note"], 1),
        (["--fail-on", "never"], 0),
        (["--fail-on", "error", "--fail-on", "ad101"], 1),
        (["--fail-on", "blocked-loop"], 1),
        (["--fail-on", "AD201"], 0),
        (["--ignore", "AD101"], 0),
    ],
    ids=lambda value: " ".join(value) or "default" if isinstance(value, list) else str(value),
)
def test_what_fails(options: list[str], code: int, tmp_path: Path, asyncdemo: Asyncdemo) -> None:
    """A severity, a rule's id or its name says what the exit code 1 is for."""
    tracefile.save(recorded(BLOCKING), tmp_path / "run.trace")
    assert asyncdemo("check", *options, str(tmp_path / "run.trace")).code == code


def test_the_project_configures(tmp_path: Path) -> None:
    """`[tool.asyncdemo]` of the nearest pyproject.toml is followed; an option replaces what it says of the same."""
    (tmp_path / "pyproject.toml").write_text('[tool.asyncdemo]\nignore = ["AD101"]\nfail-on = "error"\n')
    (tmp_path / "deep").mkdir()
    configured = selection(folder=tmp_path / "deep")
    assert configured.ignore == {"AD101"}
    assert configured.level == Severity.ERROR
    assert selection(["note"], ["AD201"], tmp_path).ignore == {"AD201"}
    assert selection(["note"], folder=tmp_path).level == Severity.NOTE


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[tool.asyncdemo]\nfail = 1\n", "no setting"),
        ("[tool.asyncdemo]\nignore = 3\n", "Give words"),
        ('[tool.asyncdemo]\nignore = ["AD999"]\n', "There is no rule 'AD999'"),
        ("[tool.asyncdemo\n", "cannot be read"),
    ],
    ids=["an unknown setting", "a number", "an unknown rule", "no TOML"],
)
def test_a_bad_configuration_is_refused(written: str, said: str, tmp_path: Path, asyncdemo: Asyncdemo) -> None:
    """What pyproject.toml gets wrong is said before the program runs."""
    (tmp_path / "pyproject.toml").write_text(written, encoding="utf-8")
    (tmp_path / "app.py").write_text("print('ran')\n", encoding="utf-8")
    asyncdemo("check", str(tmp_path / "app.py")).check_refusal(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.py"], "cannot read the script"),
        (["--fail-on", "sometimes", "x.py"], "There is no rule 'sometimes'"),
        (["--ignore", "AD1", "x.py"], "There is no rule 'AD1'"),
        (["--format", "xml", "x.py"], "'xml' is none of"),
        (["--fps", "3", "x.py"], "There is no option --fps"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_bad_input_is_refused(arguments: list[str], said: str, asyncdemo: Asyncdemo) -> None:
    """What makes no sense is said in at most four lines, with exit code 2."""
    asyncdemo("check", *arguments).check_refusal(said)


def test_the_program_is_silent_where_stdout_is_json() -> None:
    """With `--format json` stdout is one object, whatever the program prints."""
    told = json.loads(run("check", "--clock", "virtual", "--format", "json", FOLDER / "ad205_faulty_b_next.py").stdout)
    (finding,) = told["findings"]
    assert (finding["rule"], finding["line"], finding["severity"]) == ("AD205", 8, "warning")
    assert finding["evidence"][0]["from_ns"] == 100_000_000


def test_github_shows_findings_at_their_lines(tmp_path: Path, asyncdemo: Asyncdemo) -> None:
    """Each finding is a command of GitHub's with file, line, rule and message."""
    tracefile.save(recorded(BLOCKING), tmp_path / "run.trace")
    (line,) = asyncdemo("check", "--format", "github", str(tmp_path / "run.trace")).out.splitlines()
    assert line.startswith("::warning file=")
    assert "ad101_faulty_a_sleep.py,line=9,title=AD101 blocked loop::fetch() held the loop" in line


def test_sarif_has_rules_and_places(tmp_path: Path, asyncdemo: Asyncdemo) -> None:
    """A SARIF log names every rule, and each result its rule, level and line."""
    tracefile.save(recorded(BLOCKING), tmp_path / "run.trace")
    log = json.loads(asyncdemo("check", "--format", "sarif", str(tmp_path / "run.trace")).out)
    (run_,) = log["runs"]
    (result,) = run_["results"]
    assert log["version"] == "2.1.0"
    assert [each["id"] for each in run_["tool"]["driver"]["rules"]] == list(rules())
    assert run_["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "AD101"
    assert result["level"] == "warning"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 9


def test_a_rule_that_raises_hides_nothing() -> None:
    """The rule is skipped, which is told, and the others have their say."""

    def fail(_: Facts) -> list[Finding]:
        raise ZeroDivisionError("oops")

    broken = Rule("AD000", "broken", Severity.ERROR, "lock", "", fail)
    report = check(recorded(BLOCKING), only=[broken, rules()["AD101"]])
    assert report.skipped == ("AD000 was skipped: ZeroDivisionError: oops",)
    assert [each.rule for each in report.findings] == ["AD101"]


def test_an_empty_recording_has_no_findings() -> None:
    """No rule stumbles over a trace with nothing in it, or with one task that does nothing."""
    builder = TraceBuilder()
    builder.task("alone", 0, 1)
    for trace in (TraceBuilder().build(1), builder.build(1)):
        report = check(trace)
        assert (report.findings, report.skipped) == ((), ())


def test_rules_are_explained(asyncdemo: Asyncdemo) -> None:
    """`explain` lists all rules, and tells of one, by id or name, what it finds and where to learn more."""
    assert [line.split()[0] for line in asyncdemo("explain").out.splitlines()] == list(rules())
    by_id, by_name = asyncdemo("explain", "ad301").out, asyncdemo("explain", "deadlock").out
    assert by_id == by_name
    assert by_id.startswith("AD301 deadlock (error)\n")
    assert by_id.endswith("Learn: asyncdemo lock\n")
    asyncdemo("explain", "AD999").check_refusal("There is no rule 'AD999'")


def test_every_rule_is_whole(asyncdemo: Asyncdemo) -> None:
    """Every rule explains itself in three paragraphs and names a concept that there is."""
    concepts = json.loads(asyncdemo("list", "--json").out)
    names = {each["name"] for each in (concepts if isinstance(concepts, list) else concepts["concepts"])}
    for rule in findings.rules().values():
        assert len(rule.explanation.split("\n\n")) >= 3, rule.id
        assert rule.concept in names, rule.id
