"""Running concepts and scripts: a script behaves as it does under `python`, and every run ends as it should."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import NamedTuple

import pytest

from asyncdemo.errors import AsyncdemoError
from asyncdemo.recorder import RealClock, Recorder, VirtualClock
from asyncdemo.run import Script, measure, run_concept, run_script
from asyncdemo.run.exits import exit_code
from asyncdemo.run.interrupts import Interrupts
from asyncdemo.run.tracebacks import text

SEMAPHORE = "asyncdemo.concepts.sync.semaphore"
RAISES = """
import asyncio

async def fail():
    await asyncio.sleep(0.01)
    raise ValueError("no luck")

async def main():
    try:
        await asyncio.create_task(fail())
    except ValueError as error:
        raise KeyError("and no key") from error

asyncio.run(main())
"""
FACTS = """
import sys, pickle
class Thing: pass
hidden = {"__builtins__", "__loader__"}
print(sys.argv, sys.path[0], __name__, type(__loader__).__name__)
print(sorted((name, repr(value)) for name, value in globals().items() if name[0] == "_" and name not in hidden))
print(sys.modules["__main__"].Thing is Thing, type(pickle.loads(pickle.dumps(Thing()))) is Thing)
print(input(), file=sys.stderr)
"""
AT_EXIT = """
import asyncio, atexit, threading, time
atexit.register(print, "at exit")
def work():
    time.sleep(0.05)
    asyncio.run(asyncio.sleep(0.01))
    print("thread done")
threading.Thread(target=work).start()
print("last line")
"""
POOL = """
import asyncio, multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
def double(number):
    return 2 * number
async def main():
    context = multiprocessing.get_context(sys.argv[1])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        print(await asyncio.get_running_loop().run_in_executor(pool, double, 21))
if __name__ == "__main__":
    asyncio.run(main())
"""
CHILD = """
import multiprocessing, time
if __name__ == "__main__":
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(30,))
    child.start()
    time.sleep(0.1)
    child.terminate()
    child.join()
    print(child.exitcode)
"""
HANDLES = """
import asyncio, os, signal
async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    os.kill(os.getpid(), signal.SIGTERM)
    await stop.wait()
    print("shut down")
asyncio.run(main())
"""
SLEEPS = """
import asyncio
async def main():
    asyncio.get_running_loop().call_later(0.1, lambda: print("started", flush=True))
    try:
        await asyncio.sleep(60)
    finally:
        print("cleaned up", flush=True)
asyncio.run(main())
"""
STUBBORN = """
import time
print("started", flush=True)
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""


class Outcome(NamedTuple):
    """What a process came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Path]:
    """Where a test writes its script; the tests run in that folder."""
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path / "script.py"
    os.chdir(before)


def python(*arguments: str, stdin: str = "") -> Outcome:
    """Runs the interpreter."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, *arguments],
        input=stdin,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def recorded(*arguments: str, stdin: str = "") -> Outcome:
    """Runs a script under `asyncdemo run`, with its own output alone."""
    return python("-m", "asyncdemo", "run", "-q", *arguments, stdin=stdin)


class TestScripts:
    """A script under `asyncdemo run` is the script under `python`."""

    @pytest.mark.parametrize(
        ("source", "arguments"),
        [
            pytest.param(FACTS, ["a", "--limit", "-q"], id="argv, path, globals, stdin"),
            pytest.param("import sys; sys.exit(7)", [], id="an exit code"),
            pytest.param("import sys; sys.exit('no way')", [], id="an exit with a text"),
            pytest.param("import sys; sys.exit()", [], id="an exit without anything"),
            pytest.param("raise SystemExit(300)", [], id="an exit code that does not fit"),
            pytest.param("def f(:\n    pass\n", [], id="a syntax error"),
            pytest.param("x = 1\n  y = 2\n", [], id="a wrong indentation"),
            pytest.param(RAISES, [], id="an exception with its cause"),
            pytest.param(
                "import sys\nsys.excepthook = lambda *e: print('mine', e[0])\n1 / 0", [], id="its own excepthook"
            ),
            pytest.param("import asyncio\nasyncio.run(asyncio.wait_for(asyncio.sleep(9), 0.01))", [], id="a time-out"),
            pytest.param("import warnings\nwarnings.warn('careful', DeprecationWarning)", [], id="a warning"),
            pytest.param("import os\nos._exit(3)", [], id="an exit without any clean-up"),
            pytest.param(AT_EXIT, [], id="threads and exit handlers"),
            pytest.param(POOL, ["spawn"], id="spawned processes"),
            pytest.param(CHILD, [], id="a forked child that is terminated"),
            pytest.param(HANDLES, [], id="a SIGTERM that it handles"),
        ],
    )
    def test_it_prints_and_returns_what_python_would(self, script: Path, source: str, arguments: list[str]) -> None:
        """Exit code, stdout and stderr, tracebacks included, are those of `python SCRIPT`."""
        script.write_text(source, encoding="utf-8")
        words = [script.name, *arguments]
        assert recorded(*words, stdin="typed\n") == python(*words, stdin="typed\n")

    def test_its_folder_is_searched_for_modules(self, script: Path) -> None:
        """`sys.path[0]` is the script's folder, wherever one stands."""
        package = script.parent / "deep"
        package.mkdir()
        (package / "helper.py").write_text("word = 'found'", encoding="utf-8")
        (package / "main.py").write_text("import helper; print(helper.word)", encoding="utf-8")
        assert recorded("deep/main.py") == Outcome(0, "found\n", "")

    def test_its_output_stays_its_own_in_a_pipe(self, script: Path) -> None:
        """Without a terminal stdout is the script's; the picture of what ran goes to stderr, after its traceback."""
        script.write_text("print('mine')\n" + RAISES, encoding="utf-8")
        outcome = python("-m", "asyncdemo", "run", script.name)
        assert (outcome.code, outcome.out) == (1, "mine\n")
        traceback, _, picture = outcome.err.partition("script.py  ")
        assert traceback == python(script.name).err
        assert "fail" in picture
        assert "1 failed" in picture

    def test_threads_and_exit_handlers_are_recorded(self, script: Path) -> None:
        """What a script leaves running belongs to the recording: it ends after the last exit handler."""
        script.write_text(AT_EXIT, encoding="utf-8")
        outcome = python("-m", "asyncdemo", "run", "-f", "ndjson", script.name)
        assert '"text": "at exit"' in outcome.out
        assert '"coro": "sleep"' in outcome.out

    def test_a_script_without_tasks_says_so(self, script: Path) -> None:
        """There is nothing to draw of a program that never ran a task."""
        script.write_text("print('hello')", encoding="utf-8")
        outcome = python("-m", "asyncdemo", "run", script.name)
        assert outcome == Outcome(0, "hello\n", "asyncdemo: script.py ran, but no event loop was started.\n")

    @pytest.mark.parametrize("ending", ["asyncio.run(main())", "asyncio.new_event_loop().run_until_complete(main())"])
    def test_it_gets_the_loop_that_was_asked_for(self, script: Path, ending: str) -> None:
        """`--loop uvloop` and `--clock virtual` reach the loops that a script makes."""
        source = f"import asyncio\nasync def main(): print(type(asyncio.get_running_loop()))\n{ending}"
        script.write_text(source, encoding="utf-8")
        assert "uvloop.Loop" in recorded("--loop", "uvloop", script.name).out
        assert "VirtualLoop" in recorded("--clock", "virtual", script.name).out

    def test_virtual_time_passes_at_once(self, script: Path) -> None:
        """An hour of sleep in virtual time is an hour to the script and no time to us."""
        source = (
            "import asyncio, time\n"
            "async def main():\n"
            "    start = time.monotonic()\n"
            "    await asyncio.sleep(3600)\n"
            "    print(time.monotonic() - start)\n"
            "asyncio.run(main())"
        )
        script.write_text(source, encoding="utf-8")
        assert recorded("--clock", "virtual", script.name) == Outcome(0, "3600.0\n", "")

    def test_what_virtual_time_refuses_is_no_traceback(self, script: Path) -> None:
        """A script that waits for ever in virtual time is told so in words."""
        script.write_text("import asyncio\nasyncio.run(asyncio.Event().wait())", encoding="utf-8")
        outcome = recorded("--clock", "virtual", script.name)
        assert outcome.code == 1
        assert outcome.err.startswith("asyncdemo: Nothing can happen any more")
        assert "Traceback" not in outcome.err

    @pytest.mark.parametrize(
        ("source", "cleaned"), [(SLEEPS, "cleaned up\n"), (STUBBORN, "")], ids=["willing", "stubborn"]
    )
    def test_time_runs_out(self, script: Path, source: str, cleaned: str) -> None:
        """`--timeout` interrupts the script, which may clean up, and ends it all the same: exit code 124."""
        script.write_text(source, encoding="utf-8")
        outcome = recorded("--timeout", "0.3", script.name)
        assert (outcome.code, outcome.out) == (124, f"started\n{cleaned}")

    def test_in_this_process_it_gives_a_result(self, script: Path) -> None:
        """`run_script` returns trace, exit code and traceback, and leaves the event loop policy alone."""
        script.write_text(RAISES, encoding="utf-8")
        kept = sys.modules["__main__"], list(sys.argv), list(sys.path)
        policy = asyncio.get_event_loop_policy()
        try:
            result = run_script(Script.read("script.py"), recorder=Recorder(), clock=VirtualClock())
        finally:
            sys.modules["__main__"], sys.argv[:], sys.path[:] = kept
        assert result.exit_code == 1
        assert result.error is not None
        assert result.error.startswith("Traceback")
        assert len(result.trace.tasks) == 2
        assert asyncio.get_event_loop_policy() is policy


class TestSignals:
    """What ends a run from outside."""

    def interrupted(self, number: int, *arguments: str, times: int = 1, until: str = "started") -> Outcome:
        """Runs `asyncdemo`, sends it a signal once it printed `until`, and again until it ends."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-m", "asyncdemo", *arguments]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            watchdog = Timer(30, process.kill)
            watchdog.start()
            seen = ""
            while until not in seen and (line := process.stdout.readline()):
                seen += line
            for _ in range(times):
                process.send_signal(number)
                time.sleep(0.2)
            out, err = process.communicate()
            watchdog.cancel()
        return Outcome(process.returncode, seen + out, err)

    def test_ctrl_c_lets_a_script_clean_up(self, script: Path) -> None:
        """Ctrl+C once: the script's own shutdown and Python's traceback, then the picture of what ran, 130."""
        script.write_text(SLEEPS, encoding="utf-8")
        outcome = self.interrupted(signal.SIGINT, "run", script.name)
        assert (outcome.code, outcome.out) == (130, "started\ncleaned up\n")
        assert "KeyboardInterrupt" in outcome.err
        assert "1 cancelled" in outcome.err

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
    def test_a_deadly_signal_ends_a_script_with_a_summary(self, script: Path, number: int, code: int) -> None:
        """SIGTERM and SIGHUP end the script at once; the picture of what ran stands on stderr."""
        script.write_text(SLEEPS, encoding="utf-8")
        outcome = self.interrupted(number, "run", script.name)
        assert (outcome.code, outcome.out) == (code, "started\n")
        assert "1 never ended" in outcome.err

    def test_ctrl_c_cancels_a_concept(self) -> None:
        """Ctrl+C once cancels the main task, whose children are cancelled with it: no traceback, 130."""
        outcome = self.interrupted(signal.SIGINT, "semaphore", until="acquired resource")
        assert outcome.code == 130
        assert "10 cancelled" in outcome.out
        assert "Traceback" not in outcome.err

    def test_ctrl_c_does_not_wait_for_threads(self) -> None:
        """Ctrl+C once: what blocks the threads of a pool is left alone, the picture is drawn, 130."""
        outcome = self.interrupted(signal.SIGINT, "executor", "--block", "60", until="starting")
        assert outcome.code == 130
        assert "1 cancelled" in outcome.out

    def test_ctrl_c_twice_ends_at_once(self, script: Path) -> None:
        """A second Ctrl+C does not wait for a clean-up."""
        outcome = self.interrupted(signal.SIGINT, "signals", "--cleanup", "60", times=2, until="working")
        assert outcome.code == 130
        assert "cleaning up" in outcome.out
        assert "cleanup complete" not in outcome.out

    def test_sigterm_ends_a_concept_with_a_summary(self) -> None:
        """SIGTERM: the picture so far, 143."""
        outcome = self.interrupted(signal.SIGTERM, "semaphore", until="acquired resource")
        assert outcome.code == 143
        assert "10 never ended" in outcome.out

    def test_a_program_that_handles_sigterm_goes_on(self) -> None:
        """The `signals` concept shuts down gracefully: its handler is the only one, and it exits with 0."""
        outcome = self.interrupted(signal.SIGTERM, "signals", "--cleanup", "50ms", "-q", until="working")
        assert outcome.code == 0
        assert "Application closed" in outcome.out

    def test_what_was_ignored_stays_ignored(self) -> None:
        """Under `nohup` SIGHUP does nothing, so it does nothing here either."""
        previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            with Interrupts():
                assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        finally:
            signal.signal(signal.SIGHUP, previous)

    def test_handlers_are_put_back(self) -> None:
        """After a run the signals do what they did before."""
        before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
        run_concept(SEMAPHORE, {}, recorder=Recorder(hold_output=True, clock=(clock := VirtualClock())), clock=clock)
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)] == before


class TestConcepts:
    """A concept is run in a fresh loop, under a clock."""

    def test_the_result_has_trace_and_times(self) -> None:
        """In virtual time the trace lasts exactly as long as the program; `wall_ns` is real."""
        clock = VirtualClock()
        recorder = Recorder(clock=clock, hold_output=True)
        result = run_concept(SEMAPHORE, {"tasks": 2, "limit": 1, "hold": 5.0}, recorder=recorder, clock=clock)
        assert (result.exit_code, result.error, result.trace.duration_ns) == (0, None, 10_000_000_000)
        assert 0 < result.wall_ns < 5_000_000_000

    def test_an_exception_is_shown_as_python_shows_it(self, script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Exit code 1 and a traceback without a line of asyncdemo's own."""
        script.with_name("broken.py").write_text("async def main():\n    1 / 0\n", encoding="utf-8")
        monkeypatch.syspath_prepend(script.parent)
        result = run_concept("broken", {}, recorder=Recorder(), clock=RealClock())
        assert result.exit_code == 1
        assert result.error is not None
        assert "1 / 0" in result.error
        assert "ZeroDivisionError" in result.error
        assert "asyncdemo" not in result.error.replace(str(script.parent), "")

    def test_time_runs_out(self) -> None:
        """A concept that takes longer than `timeout_s` is cancelled: 124."""
        recorder = Recorder(hold_output=True)
        result = run_concept(SEMAPHORE, {"hold": 60.0}, recorder=recorder, clock=recorder.clock, timeout_s=0.1)
        assert result.exit_code == 124

    def test_waiting_for_ever_in_virtual_time_is_an_error(self, script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The clock says who waits, and the recording can be had."""
        source = "import asyncio\nasync def main():\n    await asyncio.Event().wait()\n"
        script.with_name("waits.py").write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(script.parent)
        recorder = Recorder(clock=(clock := VirtualClock()))
        with pytest.raises(AsyncdemoError, match="1 task waits for ever"):
            run_concept("waits", {}, recorder=recorder, clock=clock)
        assert len(recorder.stop().tasks) == 1


class TestMeasuring:
    """Timing a run with nothing else on."""

    def test_output_is_discarded(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Nothing that the concept prints gets out."""
        measure("asyncdemo.concepts.basics.serial", {"jobs": 1, "delay": 0.0})
        assert capfd.readouterr() == ("", "")

    def test_virtual_time_is_measured_exactly(self) -> None:
        """Under a virtual clock the wall time is the program's."""
        measured = measure(SEMAPHORE, {"tasks": 4, "limit": 2, "hold": 1.5}, clock=VirtualClock())
        assert measured.wall_ns == 3_000_000_000

    def test_real_time_lasts_as_long_as_the_program_sleeps(self) -> None:
        """Real wall time is at least what the program asks for, and sleeping takes hardly any processor time."""
        measured = measure(SEMAPHORE, {"tasks": 2, "limit": 1, "hold": 0.1})
        assert measured.wall_ns >= 200_000_000
        assert 0 < measured.cpu_ns < measured.wall_ns


@pytest.mark.parametrize(
    ("given", "code"),
    [(None, 0), (0, 0), (7, 7), (256, 0), (-1, 255), (True, 1), ("words", 1), (2.5, 1)],
    ids=str,
)
def test_exit_codes_are_those_of_a_shell(given: object, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """What is passed to `sys.exit` becomes 0 to 255; anything but a number is printed."""
    assert exit_code(SystemExit(given)) == code
    printed = "" if given is None or isinstance(given, int) else f"{given}\n"
    assert capsys.readouterr().err == printed


def test_chained_exceptions_lose_our_frames_too() -> None:
    """Causes, contexts and members of groups are trimmed; a circle among them does no harm."""
    inner = ValueError("inner")
    outer = ExceptionGroup("several", [inner, KeyError("other")])
    inner.__context__ = outer
    outer.__cause__ = inner
    assert "inner" in text(outer)
