"""The signals concept, with real signals in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

CODE = "import asyncio, sys; from asyncdemo.concepts.advanced.signals import main; asyncio.run(main({arguments}))"
WORKING = ["Worker 1 working...", "Worker 2 working..."]
CLEANING = [
    "Worker 1 received cancellation signal, cleaning up...",
    "Worker 2 received cancellation signal, cleaning up...",
    "Worker 1 cleanup complete",
    "Worker 2 cleanup complete",
    "Application closed",
]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the loop handles signals on Unix only")


def start(arguments: str) -> subprocess.Popen[str]:
    """The concept in a process whose output is a pipe."""
    command = [sys.executable, "-u", "-c", CODE.format(arguments=arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)


def line(program: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    assert program.stdout is not None
    return program.stdout.readline().rstrip("\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_starts_the_cleanup(number: signal.Signals) -> None:
    """SIGINT and SIGTERM alike let every worker clean up, and the program ends as if nothing had happened."""
    program = start("after=0, work=60, cleanup=0.01")
    assert [line(program), line(program)] == WORKING
    program.send_signal(number)
    output, errors = program.communicate()
    assert output.splitlines() == ["", "Received stop signal, starting graceful shutdown...", *CLEANING]
    assert (program.returncode, errors) == (0, "")


def test_a_second_ctrl_c_ends_it_at_once() -> None:
    """While the workers clean up, Ctrl+C interrupts the program as it does any other."""
    program = start("after=0, work=60, cleanup=60")
    assert [line(program), line(program)] == WORKING
    program.send_signal(signal.SIGINT)
    for expected in ["", "Received stop signal, starting graceful shutdown...", *CLEANING[:2]]:
        assert line(program) == expected
    program.send_signal(signal.SIGINT)
    output, errors = program.communicate()
    assert output == ""
    assert errors.endswith("KeyboardInterrupt\n")
    assert program.returncode == -signal.SIGINT


def test_it_sends_the_signal_to_itself_when_asked() -> None:
    """`after` says when the signal comes by itself."""
    output, _ = start("after=0.01, work=60, cleanup=0").communicate()
    assert output.splitlines() == [*WORKING, "", "Received stop signal, starting graceful shutdown...", *CLEANING]


def test_a_crashed_worker_is_reported() -> None:
    """The end names the worker that crashed and its error; the other one has cleaned up."""
    output, errors = start("crash=2, after=0.5, work=0.01, cleanup=0.01").communicate()
    assert output.splitlines()[-4:] == [
        CLEANING[0],
        CLEANING[2],
        "Worker 2 had crashed: Worker 2 met a bug",
        CLEANING[4],
    ]
    assert errors == ""


def test_only_the_main_thread_may_handle_signals() -> None:
    """In another thread the loop refuses the handler with an error; the handlers of the main thread still work."""
    output, errors = start("thread=True, after=0.01, work=60, cleanup=0").communicate()
    first, second, refusal, *rest = output.splitlines()
    assert [first, second] == WORKING
    assert refusal.startswith("In another thread: [RuntimeError('set_wakeup_fd only works in main thread")
    assert rest == ["", "Received stop signal, starting graceful shutdown...", *CLEANING]
    assert errors == ""
