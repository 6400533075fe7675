"""Child processes under `asyncdemo run`: they behave as under `python`, and what they ran is in the recording."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncdemo.trace import NONE, Trace
from asyncdemo.tracefile import load
from tests.commands import Outcome

PROGRAM = """
import asyncio, multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor

async def work(number):
    await asyncio.sleep(0.01)
    print("worked", number, flush=True)
    return 2 * number

def run(number):
    asyncio.run(work(number))
    return number

async def in_pool(context):
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        for number in range(2):
            print(await asyncio.get_running_loop().run_in_executor(pool, run, number))

def as_process(context):
    process = context.Process(target=run, args=(5,), name="worker")
    process.start()
    process.join()
    print(process.exitcode)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[2])
    if sys.argv[1] == "pool":
        asyncio.run(in_pool(context))
    else:
        as_process(context)
"""
FORKS = """
import asyncio, os, sys
asyncio.run(asyncio.sleep(0))
child = os.fork()
if not child:
    asyncio.run(asyncio.sleep(0.01))
    print("in the child", flush=True)
    getattr(*[(sys, "exit"), (os, "_exit")][len(sys.argv) > 1])(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
ENDED = """
import asyncio, multiprocessing, os, signal, sys

async def wait(ready):
    ready.set()
    await asyncio.sleep(60)

def run(ready):
    asyncio.run(wait(ready))

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[2])
    ready = context.Event()
    process = context.Process(target=run, args=(ready,))
    process.start()
    ready.wait()
    os.kill(process.pid, int(sys.argv[1]))
    process.join()
    print(process.exitcode)
"""
METHODS = ("fork", "spawn", "forkserver")


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a test writes its script; the tests run in that folder, where `tmp` leads to the temporary files.

    Those have a short path, for the sockets of `multiprocessing` lie in it.
    """
    with tempfile.TemporaryDirectory() as short:
        (tmp_path / "tmp").symlink_to(short)
        monkeypatch.setenv("TMPDIR", short)
        monkeypatch.chdir(tmp_path)
        yield tmp_path / "script.py"


def python(*arguments: str) -> Outcome:
    """Runs the interpreter."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment = {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)


def recorded(*arguments: str) -> tuple[Outcome, Trace]:
    """Runs a script under `asyncdemo run`; its output, without the picture, and what was recorded."""
    outcome = python("-m", "asyncdemo", "run", "--save", "t.trace", "--force", *arguments)
    assert "Traceback" not in outcome.err
    assert not list(Path("tmp").glob("asyncdemo-run-*"))
    return outcome, load("t.trace")


def by_process(trace: Trace) -> dict[str, list[str]]:
    """The coroutines of the tasks, by the name of their process."""
    found: dict[str, list[str]] = {}
    for task, coro in enumerate(trace.tasks.coro):
        name = trace.text(trace.processes.name[trace.process_of(task)])
        found.setdefault(name, []).append(trace.text(coro))
    return found


@pytest.mark.parametrize("method", METHODS)
def test_processes_are_recorded(script: Path, method: str) -> None:
    """However a process is started: it has its name, the one that started it, and its task."""
    script.write_text(PROGRAM)
    outcome, trace = recorded("script.py", "process", method)
    assert (outcome.code, outcome.out) == (0, "worked 5\n0\n")
    assert by_process(trace) == {"worker": ["work"]}
    assert list(trace.processes.parent) == [NONE, 0]
    assert [trace.text(line) for line in trace.lines.text if "worked" in trace.text(line)] == ["worked 5"]


@pytest.mark.parametrize("method", METHODS)
def test_pools_are_recorded(script: Path, method: str) -> None:
    """The tasks in a pool's process stand beside the one that submitted the jobs, at the time at which they ran."""
    script.write_text(PROGRAM)
    outcome, trace = recorded("script.py", "pool", method)
    assert (outcome.code, sorted(outcome.out.split())) == (0, ["0", "0", "1", "1", "worked", "worked"])
    main, pool = by_process(trace).items()
    assert (main, pool[1]) == (("MainProcess", ["in_pool"]), ["work", "work"])
    assert pool[0] in outcome.err
    jobs = list(zip(trace.jobs.started_ns, trace.jobs.ended_ns, strict=True))
    tasks = list(zip(trace.tasks.created_ns, trace.tasks.ended_ns, strict=True))[1:]
    assert all(begun <= made <= ended <= over for (begun, over), (made, ended) in zip(jobs, tasks, strict=True))


def test_children_can_be_left_out(script: Path) -> None:
    """`--no-children`: only the program's own process is recorded."""
    script.write_text(PROGRAM)
    outcome, trace = recorded("--no-children", "script.py", "pool", "fork")
    assert outcome.code == 0
    assert by_process(trace) == {"MainProcess": ["in_pool"]}
    assert len(trace.processes) == 1


@pytest.mark.parametrize("hard", [[], ["hard"]], ids=["sys.exit", "os._exit"])
def test_forks_are_recorded(script: Path, hard: list[str]) -> None:
    """A child of `os.fork` that runs a loop is a process of its own, also when it leaves by `os._exit`."""
    script.write_text(FORKS)
    outcome, trace = recorded("script.py", *hard)
    assert (outcome.code, outcome.out) == (0, "in the child\n3\n")
    assert by_process(trace) == {"MainProcess": ["sleep"], "fork": ["sleep"]}


@pytest.mark.parametrize(("method", "name"), [("fork", "ForkProcess-1"), ("spawn", "SpawnProcess-1")])
def test_a_child_that_is_terminated_leaves_its_recording(script: Path, method: str, name: str) -> None:
    """SIGTERM ends it as it would under `python`, with what it has recorded saved before."""
    script.write_text(ENDED)
    outcome, trace = recorded("script.py", str(int(signal.SIGTERM)), method)
    assert (outcome.code, outcome.out) == (0, "-15\n")
    assert by_process(trace) == {name: ["wait"]}
    assert trace.lost == {}


def test_a_child_that_is_killed_is_missed(script: Path) -> None:
    """Of a child that was killed nothing is there, and that is said."""
    script.write_text(ENDED)
    outcome, trace = recorded("script.py", str(int(signal.SIGKILL)), "spawn")
    assert (outcome.code, outcome.out) == (0, "-9\n")
    assert trace.lost == {"recordings of child processes": 1}


def test_output_that_is_held_is_told_once(script: Path) -> None:
    """Where the parent holds what is printed, a child's lines are the parent's to tell."""
    script.write_text(PROGRAM)
    outcome = python("-m", "asyncdemo", "run", "--json", "script.py", "process", "spawn")
    assert outcome.code == 0
    assert outcome.out.count('"text": "worked 5"') == 1
    assert '"coro": "work"' in outcome.out


def test_events_are_those_of_the_programs_own_process(script: Path) -> None:
    """A format that is written while the program runs says that its children's events are not among them."""
    script.write_text(FORKS)
    outcome = python("-m", "asyncdemo", "run", "-f", "ndjson", "script.py")
    assert outcome.out.count('"event": "created"') == 1
    assert "what happened in a child process is not among the events." in outcome.out.splitlines()[-1]


def test_leaving_at_once_is_recorded(script: Path) -> None:
    """`os._exit` in the program: its code, what was not written out is lost as under `python`, the trace is there."""
    script.write_text("import asyncio, os\nasyncio.run(asyncio.sleep(0.01))\nprint('lost')\nos._exit(7)")
    outcome, trace = recorded("script.py")
    assert (outcome.code, outcome.out) == (7, "")
    assert "sleep" in outcome.err
    assert len(trace.tasks) == 1
