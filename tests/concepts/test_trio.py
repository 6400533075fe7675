"""The concept `trio`: its deadline and its failure, and what a loop of its own means for the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from asyncdemo import catalog
from asyncdemo.cli import main
from asyncdemo.cli.obstacles import obstacle
from asyncdemo.recorder import Recorder, VirtualClock
from asyncdemo.run import measure, run_concept

WHY_NOT = obstacle(catalog.find("trio"))
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=f"trio: {WHY_NOT}")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The lines that it prints."""
    assert main.run(["trio", "-q", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_a_deadline_for_all_pages(capsys: pytest.CaptureFixture[str]) -> None:
    """What has its answer by then counts, what waits for the server or for the limiter is cancelled."""
    lines = printed(capsys, "--pages=3", "--limit=1", "--stuck=0", "--delay=60s", "--patience=300ms")
    assert lines[:-1] == ["Fetched 0 of 3 pages, and then it was time"]


def test_a_page_that_fails_cancels_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """The nursery ends with the first exception, long before the others would."""
    lines = printed(capsys, "--fail", "--limit=3", "--pages=3", "--stuck=0", "--delay=60s", "--patience=90s")
    assert lines[:-1] == ["Page 1: 500, and the others are cancelled", "Fetched 0 of 3 pages"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["trio", "--loop=uvloop"], 3, "a loop of its own", id="on uvloop"),
        pytest.param(["compare", "http", "trio@uvloop", "-r1"], 3, "a loop of its own", id="compared on uvloop"),
        pytest.param(["trio", "--clock=virtual"], 2, "needs real sockets", id="in virtual time"),
    ],
)
def test_what_a_loop_of_its_own_cannot_do(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused in at most four lines."""
    assert main.run(arguments) == code
    err = capsys.readouterr().err
    assert err.startswith("asyncdemo: ")
    assert words in err
    assert err.count("\n") <= 4


def test_virtual_time_is_refused_below_the_command_line_too() -> None:
    """Neither a recorded run nor a measured one waits for ever."""
    module = catalog.find("trio").module
    for run in (
        lambda clock: run_concept(module, {}, recorder=Recorder(clock=clock), clock=clock),
        lambda clock: measure(module, {}, clock=clock),
    ):
        with pytest.raises(Exception, match="in virtual time") as told:
            run(VirtualClock())
        assert getattr(told.value, "exit_code", None) == 2


def test_it_is_compared_with_asyncio(capsys: pytest.CaptureFixture[str]) -> None:
    """Runs of `http` and of `trio` are measured side by side, each on its own loop."""
    options = ["--delay=10ms", "--stuck=0", "--pages=4", "-r2", "-w0", "--json"]
    assert main.run(["compare", "http:broken=0", "trio", *options]) == 0
    assert [each["subject"] for each in json.loads(capsys.readouterr().out)["subjects"]] == ["http:broken=0", "trio"]


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_cancels_the_main_task() -> None:
    """Everything is cancelled by the signal, nothing is complained of, and the exit code is 130."""
    options = ["--pages=4", "--stuck=3", "--delay=0", "--patience=90s", "--width=80"]
    command = [sys.executable, "-m", "asyncdemo", "trio", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while "Page 4: fetched" not in (line := process.stdout.readline()):
            assert line
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert "3 cancelled" in out
    assert "cancelled by a signal handler" in out
