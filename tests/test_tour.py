"""The tour: off a terminal everything in one go, on a terminal a concept at a time."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from asyncdemo import catalog
from asyncdemo.cli import main, trial, walk
from asyncdemo.cli.keys import ENTER
from asyncdemo.cli.run_options import RunOptions
from asyncdemo.errors import UNAVAILABLE, AsyncdemoError
from tests.test_terminal import Terminal

NAMES = [each.name for each in catalog.concepts()]
SERVERLESS = {"rabbitmq"}
"""Concepts that have no embedded server."""
RUN = "Enter: run it"
NEXT = "Enter: next"


class Row(NamedTuple):
    """A row of the table."""

    name: str
    outcome: str
    rest: str


def rows(table: str) -> list[Row]:
    """The rows of the table, without its head and what stands under it."""
    lines = table.partition("\n\n")[0].splitlines()[1:]
    found = [re.fullmatch(r"(\S+) +(not here|\S+)(.*)", line) for line in lines]
    return [Row(match[1], match[2], match[3].strip()) for match in found if match]


@pytest.fixture(scope="module")
def whole() -> str:
    """What the whole tour prints into a pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "asyncdemo", "tour"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert done.returncode == 0
    missing = {line.split(":")[1].strip() for line in done.stderr.splitlines() if line.startswith("asyncdemo: ")}
    assert missing == SERVERLESS
    return done.stdout


class TestIntoAPipe:
    """Everything runs, and a table says how it went."""

    def test_every_concept_runs_and_does_what_it_demonstrates(self, whole: str) -> None:
        """All concepts stand in the table in the order of the guide; all are well, or cannot run without a server."""
        found = [(row.name, row.outcome) for row in rows(whole)]
        assert found == [(name, "not here" if name in SERVERLESS else "ok") for name in NAMES]
        ok = len(NAMES) - len(SERVERLESS)
        assert f"{len(NAMES)} concepts: {ok} ok, {len(SERVERLESS)} not here, in " in whole.splitlines()[-2]

    @pytest.mark.parametrize("name", [name for name in NAMES if name not in SERVERLESS])
    def test_virtual_time_is_used_where_it_can_be(self, whole: str, name: str) -> None:
        """What obeys a virtual clock takes exactly its ideal time there; the rest is measured against it."""
        concept, row = catalog.find(name), next(row for row in rows(whole) if row.name == name)
        if concept.real_only:
            assert re.search(r"\d\.\d\dx$|-$|s \+$", row.rest)
        else:
            assert row.rest.endswith("exact")

    def test_nothing_but_the_table_is_printed(self, whole: str) -> None:
        """What the concepts print does not get in between, not even from their processes; it fits 80 columns."""
        head, *lines = whole.splitlines()
        assert head.split() == ["concept", "outcome", "tasks", "wall", "ideal", "verdict"]
        assert len(lines) == len(NAMES) + 3
        assert max(map(len, lines)) < 80
        assert "\x1b" not in whole

    def test_a_chapter_can_be_toured_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        """`--chapter` leaves out the others, `--from` what comes before."""
        assert main.run(["tour", "--chapter", "sync", "--from", "condition", "--scale", "0.1"]) == 0
        sync = [each.name for each in catalog.concepts() if each.chapter == "sync"]
        assert [row.name for row in rows(capsys.readouterr().out)] == sync[sync.index("condition") :]

    def test_on_uvloop_time_is_real(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The other loop knows no virtual time: its runs are measured, at a tenth of their durations."""
        pytest.importorskip("uvloop")
        assert main.run(["tour", "--chapter", "sync", "--from", "priority-queue", "--loop", "uvloop"]) == 0
        (row,) = rows(capsys.readouterr().out)
        assert re.search(r"30 ms +\d\.\d\dx$", row.rest)

    def test_a_wrong_ideal_is_a_failure(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A concept that does not take its ideal time in virtual time is told of, and the rest runs on."""
        wrong = dataclasses.replace(catalog.find("event"), ideal="delay + 1")
        assert trial.try_all([wrong, catalog.find("lock")], RunOptions()) == 1
        out, err = capsys.readouterr()
        assert [(row.name, row.outcome) for row in rows(out)] == [("event", "FAILED"), ("lock", "ok")]
        assert "2 concepts: 1 ok, 1 FAILED" in out
        assert err == (
            "asyncdemo: event: it took 2000000000 ns of virtual time and not its ideal time, 3000000000 ns\n"
        )

    def test_an_exception_is_a_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What a concept did not mean to raise fails it, and is shown."""
        (tmp_path / "raises_for_the_tour.py").write_text("async def main(delay):\n    raise ValueError('oh')\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        broken = dataclasses.replace(catalog.find("gather"), module="raises_for_the_tour")
        assert trial.try_all([broken], RunOptions()) == 1
        out, err = capsys.readouterr()
        assert rows(out)[0].outcome == "FAILED"
        assert err.endswith("ValueError: oh\n")

    def test_what_takes_too_long_is_a_failure(self, capsys: pytest.CaptureFixture[str]) -> None:
        """`--timeout` holds for each concept."""
        endless = dataclasses.replace(catalog.find("event"), real_only="threads")
        assert trial.try_all([endless, catalog.find("lock")], RunOptions(scale=1e3, timeout=0.1)) == 1
        assert [row.outcome for row in rows(capsys.readouterr().out)] == ["FAILED", "ok"]

    def test_what_cannot_run_here_is_no_failure(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Where there are no Unix signals, the table says so."""
        signals = catalog.find("signals")
        monkeypatch.setattr(sys, "platform", "win32")
        assert trial.try_all([signals], RunOptions()) == 0
        assert rows(capsys.readouterr().out)[0].outcome == "not here"


@pytest.mark.parametrize(
    ("came_to", "code"),
    [
        pytest.param(0, 0, id="it did what it demonstrates"),
        pytest.param(1, 1, id="it raised what it did not mean to"),
        pytest.param(AsyncdemoError("Not here.", UNAVAILABLE), 0, id="it is not available here"),
        pytest.param(AsyncdemoError("No."), 1, id="it was refused"),
    ],
)
def test_the_tour_goes_on_whatever_a_run_comes_to(
    came_to: int | AsyncdemoError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure is remembered in the exit code, a refusal is told, and the next concept has its turn."""

    def run(*_: object) -> int:
        if isinstance(came_to, AsyncdemoError):
            raise came_to
        return came_to

    monkeypatch.setattr(walk, "pressed", lambda *_: ENTER)
    monkeypatch.setattr("asyncdemo.cli.concept.run", run)
    assert walk.walk([catalog.find("lock"), catalog.find("event")], RunOptions()) == code
    out, err = capsys.readouterr()
    assert out.index("1 of 2") < out.index("2 of 2") < out.index("That is the whole tour.")
    assert err == (f"asyncdemo: {came_to.message}\n" * 2 if isinstance(came_to, AsyncdemoError) else "")


class Tour(Terminal):
    """The tour on a terminal of its own."""

    def __init__(self, arguments: list[str], **environment: str) -> None:
        super().__init__(["tour", *arguments], 80, 24, environment)
        self._line = os.dup(self._child.child_fd)

    def press(self, key: str) -> None:
        """Presses one key, and not Enter after it."""
        self._child.send(key)

    def times(self, text: str, number: int) -> None:
        """Reads until `text` has been written `number` times."""
        self.until(lambda: self.seen.count(text.encode()) >= number)

    def is_cooked(self) -> bool:
        """Whether the terminal hands over lines and shows what is typed, as terminals do."""
        import termios

        flags = termios.tcgetattr(self._line)[3]
        return bool(flags & termios.ICANON) and bool(flags & termios.ECHO)


Starts = Callable[..., Tour]


@pytest.fixture
def tour() -> Iterator[Starts]:
    """Starts tours, and ends them after the test."""
    started: list[Tour] = []

    def start(*arguments: str, **environment: str) -> Tour:
        started.append(Tour(list(arguments), **environment))
        return started[-1]

    yield start
    for each in started:
        each.close()
        os.close(each._line)


class TestOnATerminal:
    """Each concept is introduced, runs, shows its verdict, and waits for a key."""

    def test_enter_runs_a_concept_and_goes_on(self, tour: Starts) -> None:
        """Introduction, Enter, the live picture with its verdict, Enter, the next introduction; q ends it."""
        live = tour("--from", "semaphore", "--scale", "0.05")
        live.shows(RUN)
        assert "semaphore  Many tasks share a resource" in live.text()
        assert "guide 3.2 Asynchronous Semaphore" in live.text()
        live.press("\r")
        live.shows(NEXT)
        assert "10 ok" in live.text()
        assert f"{NEXT}, condition" in live.text()
        live.press("\r")
        live.shows("condition  A consumer sleeps")
        live.shows(RUN)
        live.press("q")
        live.finish()
        assert live.code == 0
        assert b"Go on from here: asyncdemo tour --from condition" in live.seen
        assert live.is_cooked()

    def test_s_skips_to_the_end(self, tour: Starts) -> None:
        """With s nothing runs, and the next concept is introduced; after the last the tour is over."""
        live = tour("--chapter", "basics", NO_COLOR="1")
        names = [each.name for each in catalog.concepts() if each.chapter == "basics"]
        for number, name in enumerate(names, 1):
            live.times(RUN, number)
            assert f"\n{name}  ".encode() in live.seen
            live.press("s")
        live.finish()
        assert live.code == 0
        assert b"That is the whole tour." in live.seen
        assert b"wall" not in live.seen

    @pytest.mark.parametrize("key", ["x", "\x1b[A", "ü", " "])
    def test_other_keys_do_nothing(self, tour: Starts, key: str) -> None:
        """Letters without a meaning, arrows and spaces leave the question as it is."""
        live = tour("--chapter", "sync")
        live.shows(RUN)
        live.press(key)
        live.press("Q")
        live.finish()
        assert live.code == 0
        assert live.seen.count(RUN.encode()) == 1
        assert b"wall" not in live.seen

    def test_what_is_typed_while_a_concept_runs_is_no_answer(self, tour: Starts) -> None:
        """A key pressed during a run neither ends the tour afterwards nor goes on with it."""
        live = tour("--from", "semaphore", "--scale", "0.5")
        live.shows(RUN)
        live.press("\r")
        live.shows("running")
        live.press("q")
        live.shows(NEXT)
        live.press("\r")
        live.shows("condition  A consumer sleeps")
        live.press("q")
        live.finish()
        assert live.code == 0

    def test_ctrl_c_at_a_question_ends_the_tour(self, tour: Starts) -> None:
        """Exit code 130, nothing more is said, and the terminal is as it was."""
        live = tour()
        live.shows(RUN)
        assert not live.is_cooked()
        live.interrupt()
        live.finish()
        assert live.code == 130
        assert b"Traceback" not in live.seen
        assert live.is_cooked()

    def test_ctrl_c_ends_a_run_and_the_tour(self, tour: Starts) -> None:
        """While a concept runs, Ctrl+C shows what ran, as it does without a tour, and ends both."""
        live = tour("--from", "semaphore", "--scale", "5")
        live.shows(RUN)
        live.press("\r")
        live.shows("Task 9")
        live.interrupt()
        left = live.finish()
        assert live.code == 130
        assert "10 cancelled" in left
        assert NEXT not in left
        assert live.is_restored()
        assert live.is_cooked()

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
    def test_a_deadly_signal_restores_the_terminal(self, tour: Starts, number: int, code: int) -> None:
        """SIGTERM and SIGHUP at a question leave a terminal that shows what is typed."""
        live = tour()
        live.shows(RUN)
        live.until(lambda: not live.is_cooked())
        live.kill(number)
        live.finish()
        assert live.code == code
        assert live.is_cooked()

    def test_a_terminal_that_can_do_nothing_is_asked_in_lines(self, tour: Starts) -> None:
        """With TERM=dumb there are no escape codes, and a concept's events come as lines."""
        live = tour("--from", "semaphore", "--scale", "0.05", TERM="dumb")
        live.shows(RUN)
        live.press("\r")
        live.times(NEXT, 1)
        live.press("q")
        live.finish()
        assert live.code == 0
        assert b"\x1b" not in live.seen
        assert b"Task 9  acquired Semaphore after" in live.seen
