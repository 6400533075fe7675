"""`asyncdemo run -m MODULE`: a module behaves as it does under `python -m`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asyncdemo.cli import main
from asyncdemo.errors import USAGE

PACKAGE = {
    "pack/__init__.py": "",
    "pack/__main__.py": """
import asyncio, pickle, sys
from . import work

class Thing:
    pass

print(sys.argv, sys.path[0], __name__, __package__, __spec__.name, __file__, __cached__, type(__loader__).__name__)
print(sys.modules["__main__"].Thing is Thing, type(pickle.loads(pickle.dumps(Thing()))) is Thing)

async def main():
    await asyncio.gather(asyncio.sleep(0.01), work.work())

asyncio.run(main())
sys.exit(7)
""",
    "pack/work.py": """
import asyncio

async def work():
    await asyncio.sleep(0.01)
    print("worked")

if __name__ == "__main__":
    asyncio.run(work())
""",
    "pack/bad.py": "raise ValueError('no luck')",
    "pack/pool.py": """
import asyncio, multiprocessing
from concurrent.futures import ProcessPoolExecutor

def square(number):
    return number * number

async def main():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        print(await asyncio.get_running_loop().run_in_executor(pool, square, 7))

if __name__ == "__main__":
    asyncio.run(main())
""",
    "pack/empty/__init__.py": "",
    "broken/__init__.py": "import there_is_no_such_module",
    "broken/part.py": "",
    "test_it.py": """
import asyncio

def test_it():
    asyncio.run(asyncio.sleep(0.01))
""",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the packages are; the tests run there."""
    for name, source in PACKAGE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the interpreter."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["pack", "a", "-m", "--its-own"], id="a package with arguments"),
        pytest.param(["pack.work"], id="a module of a package"),
        pytest.param(["pack.pool"], id="children of a pool"),
        pytest.param(["pack.bad"], id="one that raises"),
    ],
)
def test_a_module_runs_as_under_python(arguments: list[str]) -> None:
    """The same facts, output and exit code."""
    plain, ours = python("-m", *arguments), python("-m", "asyncdemo", "run", "-q", "-m", *arguments)
    assert (ours.returncode, ours.stdout) == (plain.returncode, plain.stdout)
    if plain.returncode == 1:
        assert ours.stderr.splitlines()[-3:] == plain.stderr.splitlines()[-3:]
        assert "asyncdemo" not in ours.stderr


@pytest.mark.usefixtures("folder")
def test_a_module_is_drawn() -> None:
    """Its name is the title, and its tasks are there."""
    shown = python("-m", "asyncdemo", "run", "-m", "pack.work")
    assert shown.stdout == "worked\n"
    assert "pack.work" in shown.stderr
    assert "sleeping" in shown.stderr


@pytest.mark.usefixtures("folder")
def test_tests_can_be_recorded() -> None:
    """Pytest runs as usual, and what the tests ran is drawn."""
    shown = python("-m", "asyncdemo", "run", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")
    assert shown.returncode == 0, shown.stderr
    assert "1 passed" in shown.stdout
    assert "sleeping" in shown.stderr


@pytest.mark.usefixtures("folder")
def test_a_broken_package_tells_by_itself() -> None:
    """What it does not find is told by its own traceback, with the exit code of Python."""
    shown = python("-m", "asyncdemo", "run", "-m", "broken.part")
    assert shown.returncode == 1
    assert shown.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'there_is_no_such_module'"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("no_such", "cannot run the module 'no_such': there is none", id="a missing module"),
        pytest.param("pack.no", "cannot run the module 'pack.no': there is none", id="missing in its package"),
        pytest.param("no.such", "cannot run the module 'no.such': there is none", id="a missing package"),
        pytest.param("pack.work.x", "cannot run the module 'pack.work.x': there is none", id="in what is no package"),
        pytest.param("pack.empty", "cannot run the module 'pack.empty': the package has no __main__", id="no main"),
        pytest.param("_struct", "cannot run the module '_struct': it is not written in Python", id="written in C"),
        pytest.param("..x", "cannot run the module '..x': there is none", id="a relative name"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_run_is_refused(name: str, said: str) -> None:
    """One error of two lines, exit code 2, no traceback."""
    shown = python("-m", "asyncdemo", "run", "-m", name)
    assert (shown.returncode, shown.stdout) == (USAGE, "")
    assert shown.stderr.splitlines() == [
        f"asyncdemo: {said}.",
        "Name one that `python -m` finds: asyncdemo run -m pytest",
    ]


def test_there_has_to_be_a_module(capsys: pytest.CaptureFixture[str]) -> None:
    """`run -m` alone is a wrong command line."""
    assert main.run(["run", "-m"]) == USAGE
    assert "SCRIPT" in capsys.readouterr().err
