"""Replay and export: saved recordings, shown again and in other formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncdemo.cli import main
from asyncdemo.errors import USAGE
from asyncdemo.tracefile import save
from tests.traces import semaphore

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def asyncdemo(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command line in this process: exit code, stdout, stderr."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main.run([str(each) for each in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def saved(tmp_path: Path, asyncdemo: Command) -> Path:
    """A recording of the semaphore concept."""
    path = tmp_path / "a.trace"
    assert asyncdemo("semaphore", "--clock", "virtual", "-q", "--save", path)[0] == 0
    return path


@pytest.mark.parametrize("format_", ["plain", "json", "ndjson"])
def test_a_replay_shows_what_the_run_showed(format_: str, tmp_path: Path, asyncdemo: Command) -> None:
    """The same lines, but for what only the run can say: who looked on, and what it did not know at its start."""
    path = tmp_path / "b.trace"
    _, run, _ = asyncdemo("semaphore", "--clock", "virtual", "--format", format_, "--save", path)
    code, again, err = asyncdemo("replay", path, "--format", format_)
    assert (code, err) == (0, "")
    runs, agains = run.splitlines(), again.splitlines()
    told = {"plain": slice(-2), "json": slice(1, None), "ndjson": slice(1, None)}[format_]
    assert len(runs[told]) > 20
    assert [line for line in agains[told] if '"env"' not in line and '"observer"' not in line] == [
        line for line in runs[told] if '"env"' not in line and '"observer"' not in line
    ]


def test_the_critical_path_is_marked_when_asked_for(saved: Path, asyncdemo: Command) -> None:
    """With `--critical` a row under the lanes names who decided how long the run took; without it there is none."""
    _, out, _ = asyncdemo("replay", saved, "--width", "80", "--critical")
    (row,) = [line for line in out.splitlines() if line.startswith("  critical")]
    assert row.split(maxsplit=1)[1].startswith("Task 9─")
    assert "  critical" not in asyncdemo("replay", saved, "--width", "80")[1]


@pytest.mark.parametrize("command", ["compare", "diff", "check"])
def test_what_draws_no_single_run_refuses_to_mark_it(command: str, saved: Path, asyncdemo: Command) -> None:
    """An option that a command cannot honour is refused."""
    code, _, err = asyncdemo(command, "--critical", saved, saved)
    assert (code, "no option --critical" in err) == (USAGE, True)


def test_a_replay_without_a_terminal_lists_events_and_draws(saved: Path, asyncdemo: Command) -> None:
    """Events first, then the picture with the ideal that the concept gave."""
    _, out, err = asyncdemo("replay", saved, "--width", "80")
    assert err == ""
    assert "Task 3  acquired Semaphore after 1.00 s" in out
    assert "wall 4.00 s" in out
    assert "ideal 4.00 s" in out


def test_a_replay_can_be_drawn_otherwise(saved: Path, asyncdemo: Command) -> None:
    """The options of pictures hold."""
    path = saved.with_suffix(".txt")
    assert asyncdemo("replay", saved, "--ascii", "--width", "60", "-o", path) == (0, "", "")
    assert path.read_text().isascii()
    assert max(map(len, path.read_text().splitlines()[-20:])) < 60


@pytest.mark.parametrize("ending", ["csv", "html", "json", "ndjson", "perfetto.json", "svg", "txt"])
def test_the_ending_says_the_format(ending: str, saved: Path, asyncdemo: Command) -> None:
    """An export writes its file and says nothing."""
    path = saved.with_suffix(f".{ending}")
    assert asyncdemo("export", saved, "-o", path) == (0, "", "")
    marks = {"csv": "id,", "html": "<!doctype html>", "json": '{"schema"', "ndjson": '{"event"', "svg": "<svg"}
    assert path.read_text().startswith(marks.get(ending, ""))
    assert "Task 9" in path.read_text().replace("&#160;", " ")


def test_a_format_can_be_named_for_any_ending(saved: Path, asyncdemo: Command) -> None:
    """`--format` wins over the ending."""
    path = saved.with_name("trace")
    assert asyncdemo("export", saved, "--format", "perfetto", "-o", path)[0] == 0
    assert "traceEvents" in json.loads(path.read_text())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["export", "TRACE"], "There is no file to export to", id="no file"),
        pytest.param(["export", "TRACE", "-o", "a.xml"], ".perfetto.json, .svg, and .txt", id="an unknown ending"),
        pytest.param(["export", "TRACE", "-o", "no/a.svg"], "cannot be written: No such file", id="no folder"),
        pytest.param(["export", "TRACE", "-o", "TRACE.svg"], "it exists already", id="a file that is there"),
        pytest.param(["export", "no.trace", "-o", "a.svg"], "cannot be read: No such file", id="no recording"),
        pytest.param(["replay", "no.trace"], "cannot be read: No such file", id="no recording to replay"),
        pytest.param(["replay", "TRACE", "--format", "live"], "needs a terminal", id="live off a terminal"),
        pytest.param(["replay", "TRACE", "--scale", "2"], "There is no option --scale", id="an option of runs"),
        pytest.param(["replay"], "TRACE", id="nothing to replay"),
    ],
)
def test_bad_input(
    arguments: list[str], said: str, saved: Path, asyncdemo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, what is wrong in at most four lines, and no file is made or touched."""
    monkeypatch.chdir(saved.parent)
    there = saved.with_name("TRACE.svg")
    there.write_text("mine")
    saved.rename("TRACE")
    code, out, err = asyncdemo(*arguments)
    assert (code, out) == (USAGE, "")
    assert said in err
    assert len(err.splitlines()) <= 4
    assert {each.name for each in saved.parent.iterdir()} == {"TRACE", "TRACE.svg"}
    assert there.read_text() == "mine"


@pytest.mark.parametrize("command", ["replay", "export"])
@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is cut short"), (b"#!/bin/sh\n", "is no asyncdemo trace"), (None, "is damaged")],
    ids=["empty", "something else", "a flipped bit"],
)
def test_what_is_no_recording_is_refused(
    command: str, content: bytes | None, said: str, tmp_path: Path, asyncdemo: Command
) -> None:
    """One error, no export."""
    path = tmp_path / "a.trace"
    save(semaphore(), path)
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole if content is None else content)
    more = ("-o", tmp_path / "a.svg") if command == "export" else ()
    code, out, err = asyncdemo(command, path, *more)
    assert (code, out, said in err) == (1, "", True)
    assert [each.name for each in tmp_path.iterdir()] == ["a.trace"]


def test_a_full_disk_leaves_nothing_half_written(saved: Path, asyncdemo: Command) -> None:
    """What was there before is unchanged."""
    code, out, err = asyncdemo("export", saved, "-o", "/dev/full", "--format", "svg")
    assert (code, out) == (USAGE, "")
    assert "no ordinary file" in err
