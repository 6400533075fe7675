"""The sync-call concept, on real threads."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable

import pytest

from asyncdemo.concepts.pitfalls import sync_call

LINES = [
    "await in a def:",
    "  SyntaxError: 'await' outside async function",
    "asyncio.run inside a loop:",
    "  RuntimeError: asyncio.run() cannot be called from a running event loop",
    "get_event_loop in a thread:",
    "  RuntimeError: There is no current event loop in thread 'helper_0'.",
    "asyncio.run in a thread:",
    "  some data",
    "run_coroutine_threadsafe:",
    "  some data",
]
METHOD_2 = "from asyncdemo.concepts.pitfalls.sync_call import use_existing_loop as call; print(call(0))"
UVLOOP = "import asyncio, uvloop; asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())"


def loops() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What makes each of the loops that there are."""
    try:
        import uvloop
    except ImportError:
        return {"asyncio": asyncio.new_event_loop}
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.mark.parametrize("loop", loops())
def test_each_way_works_or_fails_as_it_says(loop: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both loops give the same results and errors, and no coroutine is left that was never awaited."""
    with asyncio.Runner(loop_factory=loops()[loop]) as runner:
        runner.run(sync_call.main(delay=0))
        assert asyncio.all_tasks(runner.get_loop()) == set()
    assert capsys.readouterr().out.splitlines() == LINES


def test_a_coroutine_is_run_where_no_loop_is(capsys: pytest.CaptureFixture[str]) -> None:
    """In a thread without a running loop the guide's first method works."""
    sync_call.attempt("outside", lambda: sync_call.run(0))
    assert capsys.readouterr().out == "outside:\n  some data\n"


def method_2(*lines: str) -> subprocess.CompletedProcess[str]:
    """The guide's second method in the main thread of a program of its own, where no loop runs."""
    code = "\n".join([*lines, METHOD_2])
    command = [sys.executable, "-W", "error:There is no current event loop:DeprecationWarning", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_there_is_no_existing_loop_in_the_main_thread_either() -> None:
    """3.11 makes one silently, 3.12 and 3.13 with a DeprecationWarning, and from 3.14 on it is a RuntimeError."""
    program = method_2()
    if sys.version_info < (3, 12):
        assert (program.stdout, program.stderr) == ("some data\n", "")
    else:
        error = "RuntimeError" if sys.version_info >= (3, 14) else "DeprecationWarning"
        assert program.stderr.splitlines()[-1].startswith(f"{error}: There is no current event loop")


def test_with_uvloop_there_is_none() -> None:
    """Under uvloop's policy the guide's second method is a RuntimeError in the main thread."""
    pytest.importorskip("uvloop")
    program = method_2(UVLOOP)
    assert program.stderr.splitlines()[-1] == "RuntimeError: There is no current event loop in thread 'MainThread'."
