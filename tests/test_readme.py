"""What the README shows works as it is written there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from asyncdemo import catalog

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
APP = """
import asyncio

async def main():
    await asyncio.gather(asyncio.sleep(0.01), asyncio.sleep(0.02))
    print("the app is done")

asyncio.run(main())
"""


def blocks(language: str) -> list[str]:
    """The code blocks of the README that are marked with a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """The command lines that the README's console blocks show."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ asyncdemo")]


def screens() -> list[tuple[str, str]]:
    """The commands of the console blocks that show what they print, and what that is."""
    shown = [block.partition("\n") for block in blocks("console")]
    return [(first.removeprefix("$ "), rest) for first, _, rest in shown if rest and not rest.startswith("$ ")]


def quick(words: list[str]) -> list[str]:
    """The same command in virtual time, or a hundred times as fast where only real time will do."""
    concepts = {concept.name for concept in catalog.concepts()}
    known = words[1] in concepts | {"bench", "compare"}
    if {"--clock", "--work"} & set(words) or "uvloop" in " ".join(words) or not known:
        return words
    real_only = words[1] in concepts and catalog.find(words[1]).real_only
    return [*words, *(("--scale", "0.01") if real_only else ("--clock", "virtual"))]


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that begins with `asyncdemo` in a folder, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def first_cells(heading: str) -> str:
    """The first column of the README's table that begins with a heading row."""
    rows = README.partition(heading)[2].partition("\n\n")[0].splitlines()
    return "\n".join(row.partition("| ")[2].partition(" |")[0] for row in rows)


def test_the_readme_shows_commands() -> None:
    """The README has console blocks with commands in them, so the test below has something to run."""
    assert len(commands()) >= 10


@pytest.mark.parametrize("command", commands())
def test_commands_work(command: str, tmp_path: Path) -> None:
    """Each command of the README ends with exit code 0 and has something to say on stdout, or in the file it names."""
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    words = shlex.split(command)
    for trace in (word for word in words[2:] if word.endswith(".trace") and words[1] in {"replay", "export", "diff"}):
        run(["asyncdemo", "run", "-q", "--save", trace, "app.py"], tmp_path)
    done = run(quick(words), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() or (tmp_path / words[-1]).read_text(encoding="utf-8").strip()
    assert "Traceback" not in done.stderr


def test_the_readme_shows_screens() -> None:
    """A concept and a comparison are shown with what they draw."""
    assert [command.split()[1] for command, _ in screens()] == ["semaphore", "compare"]


@pytest.mark.parametrize(("command", "screen"), screens())
def test_screens_are_real_ones(command: str, screen: str, tmp_path: Path) -> None:
    """What the README shows of a command is what it draws at 80 columns, to the character."""
    drawn = run(shlex.split(command), tmp_path).stdout
    assert screen in "".join(f"{line.rstrip()}\n" for line in drawn.splitlines())


def test_every_concept_is_named() -> None:
    """The README's table of concepts names every concept of the catalogue and no other."""
    named = set(re.findall(r"`([\w-]+)`", first_cells("| concept | what it shows |")))
    assert named == {concept.name for concept in catalog.concepts()}


def test_run_options_exist(tmp_path: Path) -> None:
    """Every run option of the README stands in a concept's help."""
    options = set(re.findall(r"--[a-z]+", first_cells("| run option | what it does |")))
    shown = run(["asyncdemo", "semaphore", "--help"], tmp_path).stdout
    assert len(options) >= 10
    assert {name for name in options if name not in shown} == set()


CRAWLER = """
import asyncio

async def fetch(slots):
    async with slots:
        await asyncio.sleep(0.001)

async def crawl(limit):
    slots = asyncio.Semaphore(limit)
    await asyncio.gather(*(fetch(slots) for _ in range(5)))

async def main():
    await crawl(3)

"""


def test_the_recording_example_works(tmp_path: Path) -> None:
    """The README's Python example records a program's tasks, asks about them and saves what it recorded."""
    example = next(block for block in blocks("python") if "asyncdemo.record(" in block)
    after = "\nassert len(recording.trace.tasks) == 6\n"
    (tmp_path / "example.py").write_text(CRAWLER + example + after, encoding="utf-8")
    done = run(["example"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "app.trace").stat().st_size > 0


def test_the_test_example_works(tmp_path: Path) -> None:
    """The README's test passes, and fails when the program does not keep the limit."""
    example = next(block for block in blocks("python") if "asyncdemo_recording" in block)
    (tmp_path / "test_it.py").write_text(CRAWLER + example, encoding="utf-8")
    (tmp_path / "test_bad.py").write_text(CRAWLER + example.replace("limit=3", "limit=4"), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", encoding="utf-8")
    done = run(["pytest", "-q", "-W", "ignore", "-p", "asyncio", "--asyncdemo=traces"], tmp_path)
    assert "1 failed, 1 passed" in done.stdout
    assert [each.name for each in (tmp_path / "traces").iterdir()] == [
        "test_bad.py-test_never_more_than_three_at_once.trace"
    ]


def test_the_concept_example_works(tmp_path: Path) -> None:
    """The README's concept is a program that runs by itself."""
    example = next(block for block in blocks("python") if "Ideal:" in block)
    (tmp_path / "example.py").write_text(example.replace("= 1,", "= 0.01,"), encoding="utf-8")
    done = run(["example"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
