"""Programs that die while their recording is saved: what was saved until then can be loaded, and says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from asyncdemo.journal import MAGIC
from asyncdemo.trace import Outcome, Trace
from asyncdemo.tracefile import load
from tests.commands import Outcome as Came
from tests.test_run_children import by_process

BUSY = """
import asyncio, itertools, os, sys, time

async def beat():
    for number in itertools.count():
        print("beat", number, flush=True)
        await asyncio.sleep(0.02)

async def spin(lock):
    while True:
        async with lock:
            await asyncio.sleep(0.001)

async def wait_for_ever():
    await asyncio.Event().wait()

async def main():
    lock = asyncio.Lock()
    coroutines = [beat(), wait_for_ever(), *map(spin, [lock] * 3)]
    tasks = [asyncio.create_task(each, name=each.__name__) for each in coroutines]
    await asyncio.sleep(float(sys.argv[1]))
    for task in tasks:
        task.cancel()

asyncio.run(main())
"""
FORKING = """
import asyncio, os, sys, time
async def main():
    forks = 0
    while forks < 20 or not os.path.exists("fork.trace"):
        forks += 1
        child = os.fork()
        if not child:
            os.write(1, b"child\\n")
            os._exit(0)
        os.waitpid(child, 0)
        await asyncio.sleep(0.05)
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""
CHILD = """
import asyncio, glob, multiprocessing, os, signal, sys, time

async def wait(ready):
    ready.set()
    while True:
        await asyncio.sleep(0.01)

def run(ready):
    asyncio.run(wait(ready))

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    ready = context.Event()
    process = context.Process(target=run, args=(ready,))
    process.start()
    ready.wait()
    print(process.pid, flush=True)
    while not glob.glob(os.environ["TMPDIR"] + "/asyncdemo-run-*/*-*.trace"):
        time.sleep(0.01)
    if len(sys.argv) > 2:
        size = os.path.getsize("child.trace")
        while os.path.getsize("child.trace") == size:
            time.sleep(0.01)
    os.kill(process.pid if len(sys.argv) == 2 else os.getpid(), signal.SIGKILL)
    process.join()
    print(process.exitcode)
"""
TALKATIVE = """
import asyncio, os

async def main():
    print("begins")
    while not os.path.exists("talk.trace"):
        await asyncio.sleep(0.01)
    for _ in range(3000):
        print(os.urandom(50).hex())

asyncio.run(main())
"""
PATIENCE_S = 30


@pytest.fixture
def short() -> Iterator[str]:
    """A folder with a short path: the sockets of `multiprocessing` lie in it."""
    with tempfile.TemporaryDirectory() as path:
        yield path


@pytest.fixture
def folder(tmp_path: Path, short: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a test's programs run in, with a short one for their temporary files."""
    monkeypatch.setenv("TMPDIR", short)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def started(*arguments: str, **options: object) -> subprocess.Popen[str]:
    """An `asyncdemo run` that is under way."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "asyncdemo", *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, **streams, **options)  # type: ignore[call-overload, no-any-return]


def until(condition: Callable[[], object]) -> None:
    """Waits for something that comes sooner or later."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def holds_parts(path: Path, size: int = 0) -> bool:
    """Whether a file holds something of a recording, and is larger than `size`."""
    return path.exists() and path.stat().st_size > size and path.read_bytes()[: len(MAGIC)] == MAGIC


def killed(program: subprocess.Popen[str]) -> Came:
    """Kills a program; what it came to."""
    program.kill()
    out, err = program.communicate(timeout=PATIENCE_S)
    return Came(program.returncode, out, err)


def asyncdemo(*arguments: str) -> Came:
    """Runs a command to its end."""
    program = started(*arguments)
    out, err = program.communicate(timeout=2 * PATIENCE_S)
    return Came(program.returncode, out, err)


def lines(trace: Trace) -> list[str]:
    """What was printed."""
    return [trace.text(text) for text in trace.lines.text]


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_killed_program_leaves_its_recording(folder: Path, parts: int, loop: str) -> None:
    """Killed at any moment, what was saved until then is a recording like others; replay says when it was cut off."""
    (folder / "busy.py").write_text(BUSY)
    trace_file = folder / "busy.trace"
    program = started("run", "-q", "--loop", loop, "--save", "busy.trace", "busy.py", "60")
    until(lambda: holds_parts(trace_file) and len(load(trace_file).lines) > 1)
    for _ in range(parts - 1):
        until(partial(holds_parts, trace_file, trace_file.stat().st_size))
    came = killed(program)
    assert came.code == -signal.SIGKILL
    trace = load(trace_file)
    assert lines(trace) == came.out.splitlines()[: len(trace.lines)]
    names = [trace.task_name(task) for task in range(len(trace.tasks))]
    assert names[1:] == ["beat", "wait_for_ever", "spin", "spin", "spin"]
    assert set(trace.tasks.outcome) == {Outcome.PENDING}
    event = trace.tasks.waiting[names.index("wait_for_ever")]
    assert trace.text(trace.waits.on[event]) == "Event"
    assert set(trace.steps.task) == set(range(len(names)))
    replayed = asyncdemo("replay", "busy.trace")
    assert (replayed.code, replayed.err) == (0, "")
    assert f"cut off after {trace.duration_ns / 1e9:.1f} s, at 20" in replayed.out
    assert "· cut off ·" in replayed.out
    assert "went on" in replayed.out
    assert sorted(path.name for path in folder.iterdir()) == ["busy.py", "busy.trace"]


def test_exports_say_that_it_was_cut_off(folder: Path) -> None:
    """Nobody knows the exit code of what was killed, and a machine is told so."""
    (folder / "busy.py").write_text(BUSY)
    program = started("run", "-q", "--save", "busy.trace", "busy.py", "60")
    until(lambda: holds_parts(folder / "busy.trace"))
    killed(program)
    exported = asyncdemo("export", "busy.trace", "-o", "busy.json")
    assert exported.code == 0
    told = (folder / "busy.json").read_text()
    assert '"outcome": "interrupted"' in told
    assert '"exit_code": null' in told
    assert "cut off after" in told
    checked = asyncdemo("check", "busy.trace")
    assert checked.err.startswith("asyncdemo: busy.trace was cut off after ")
    assert "left at exit" not in checked.out


def test_an_older_file_is_whole_until_the_new_one_is(folder: Path) -> None:
    """With --force: killed, both can be loaded; at a good end there is only the new one."""
    (folder / "busy.py").write_text(BUSY)
    assert asyncdemo("run", "-q", "--save", "busy.trace", "busy.py", "0").code == 0
    older = (folder / "busy.trace").read_bytes()
    program = started("run", "-q", "--save", "busy.trace", "--force", "busy.py", "60")
    beside = folder / "busy.trace.partial"
    until(lambda: holds_parts(beside))
    killed(program)
    assert (folder / "busy.trace").read_bytes() == older
    assert load(beside).meta["cut_off"]
    assert asyncdemo("run", "-q", "--save", "busy.trace", "--force", "busy.py", "1.5").code == 0
    assert "cut_off" not in load(folder / "busy.trace").meta
    assert load(folder / "busy.trace").duration_ns > 1.5e9
    assert not beside.exists()


def test_what_was_cut_off_is_not_overwritten(folder: Path) -> None:
    """The next run to the same file is refused, as it is for any recording that is there."""
    (folder / "busy.py").write_text(BUSY)
    program = started("run", "-q", "--save", "busy.trace", "busy.py", "60")
    until(lambda: holds_parts(folder / "busy.trace"))
    killed(program)
    asyncdemo("run", "-q", "--save", "busy.trace", "busy.py", "0").check_refusal("exists already")
    assert load(folder / "busy.trace").meta["cut_off"]


def test_a_run_that_ends_leaves_the_whole(folder: Path) -> None:
    """However it was saved meanwhile, in the end there is one file, and it is the whole recording."""
    (folder / "busy.py").write_text(BUSY)
    came = asyncdemo("run", "-q", "--save", "busy.trace", "busy.py", "1.5")
    assert (came.code, came.err) == (0, "")
    trace = load(folder / "busy.trace")
    assert lines(trace) == came.out.splitlines()
    assert not {"cut_off", "goes_on"} & set(trace.meta)
    assert sorted(path.name for path in folder.iterdir()) == ["busy.py", "busy.trace"]


def test_the_newest_steps_are_saved_too(folder: Path) -> None:
    """With --max-steps what is left is as long as was asked for, and no longer."""
    (folder / "busy.py").write_text(BUSY)
    program = started("run", "-q", "--max-steps", "500", "--save", "busy.trace", "busy.py", "60")
    until(lambda: holds_parts(folder / "busy.trace") and load(folder / "busy.trace").lost)
    killed(program)
    trace = load(folder / "busy.trace")
    assert len(trace.steps) == 500
    assert trace.lost["steps"] > 0
    assert trace.meta["cut_off"]


def test_a_window_that_is_over_is_complete(folder: Path) -> None:
    """With --for nothing is missing of what was to be recorded when the program is killed later."""
    (folder / "busy.py").write_text(BUSY)
    program = started("run", "-q", "--for", "1s", "--save", "busy.trace", "busy.py", "60")
    until(lambda: holds_parts(folder / "busy.trace") and "cut_off" not in load(folder / "busy.trace").meta)
    killed(program)
    trace = load(folder / "busy.trace")
    assert trace.meta["goes_on"]
    assert trace.duration_ns > 0.5e9


def test_a_program_may_fork_while_it_is_saved(folder: Path) -> None:
    """A child of `os.fork` writes nothing to what its parent saves."""
    (folder / "fork.py").write_text(FORKING)
    came = asyncdemo("run", "-q", "--no-children", "--save", "fork.trace", "fork.py")
    assert (came.code, set(came.out.splitlines()), came.err) == (-signal.SIGKILL, {"child"}, "")
    assert len(load(folder / "fork.trace").tasks) == 1


@pytest.mark.parametrize(("method", "name"), [("fork", "ForkProcess-1"), ("spawn", "SpawnProcess-1")])
def test_a_killed_child_leaves_what_it_saved(folder: Path, method: str, name: str) -> None:
    """It is joined to the recording of the program, which says that its end is missing."""
    (folder / "child.py").write_text(CHILD)
    came = asyncdemo("run", "-q", "--save", "child.trace", "child.py", method)
    assert (came.code, came.out.splitlines()[1:], came.err) == (0, ["-9"], "")
    trace = load(folder / "child.trace")
    assert by_process(trace) == {name: ["wait"]}
    assert len(trace.steps) > 0
    assert trace.lost["ends of recordings of child processes"] == 1
    assert "cut_off" not in trace.meta


def test_what_is_missing_of_children_is_told(folder: Path) -> None:
    """A program that is killed leaves what its own process recorded, and how many others there were."""
    (folder / "child.py").write_text(CHILD.replace("    context =", "    asyncio.run(asyncio.sleep(0))\n    context ="))
    program = started("run", "-q", "--save", "child.trace", "child.py", "spawn", "itself")
    assert program.stdout is not None
    child = int(program.stdout.readline())
    assert program.wait(PATIENCE_S) == -signal.SIGKILL
    os.kill(child, signal.SIGKILL)
    program.communicate(timeout=PATIENCE_S)
    trace = load(folder / "child.trace")
    assert len(trace.processes) == 1
    assert trace.lost == {"recordings of child processes": 1}


def test_leaving_at_once_saves_the_whole(folder: Path) -> None:
    """`os._exit` is seen: the recording is not cut off."""
    (folder / "busy.py").write_text(BUSY.replace("task.cancel()", "os._exit(5)"))
    came = asyncdemo("run", "-q", "--save", "busy.trace", "busy.py", "1.2")
    assert came.code == 5
    assert "cut_off" not in load(folder / "busy.trace").meta


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit to the size of files")
def test_a_full_disk_is_told_at_the_end(folder: Path) -> None:
    """The program goes on and keeps its output; what was saved before can be loaded, and both faults are told."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    (folder / "talk.py").write_text(TALKATIVE)
    program = started("run", "-q", "--save", "talk.trace", "talk.py", preexec_fn=limit)
    out, err = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 1
    assert err.splitlines() == [
        "asyncdemo: the recording could not be saved while the program ran: File too large.",
        "asyncdemo: The trace could not be saved to talk.trace: File too large.",
        "What was saved of it before that is in talk.trace. Make room there, or save to another place.",
    ]
    trace = load(folder / "talk.trace")
    assert trace.meta["cut_off"]
    assert lines(trace) == ["begins"]
    assert len(out.splitlines()) == 3001


def test_record_saves_as_it_goes(folder: Path) -> None:
    """`asyncdemo.record(save=...)` in a program of one's own leaves its recording as `run --save` does."""
    source = BUSY.replace(
        "asyncio.run(main())", "import asyncdemo\nwith asyncdemo.record(save='own.trace'):\n    asyncio.run(main())"
    )
    (folder / "own.py").write_text(source)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "own.py", "60"]
    program = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: holds_parts(folder / "own.trace"))
    killed(program)
    assert load(folder / "own.trace").meta["cut_off"]
