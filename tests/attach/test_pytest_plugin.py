"""The pytest plugin, in pytest runs of their own: traces of failing tests, and a test's own trace."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from asyncdemo import Trace, load
from asyncdemo.pytest_plugin import LONGEST, file_name

PROGRAM = """
import asyncio, sys

async def fetch(slots):
    async with slots:
        await asyncio.sleep(0.001)

async def crawl(limit):
    slots = asyncio.Semaphore(limit)
    await asyncio.gather(*(fetch(slots) for _ in range(5)))
"""
MANY = f"""
import pytest, unittest, asyncdemo
{PROGRAM}
@pytest.mark.asyncio
async def test_passes(capsys):
    print("one")
    await crawl(2)
    assert capsys.readouterr() == ("one\\n", "")

@pytest.mark.asyncio
@pytest.mark.parametrize("way", ["a", "b/c"])
async def test_asyncio(way):
    print("printed by", way)
    print("an error", file=sys.stderr)
    await crawl(2)
    assert way == "never"

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_anyio():
    await crawl(2)
    raise ValueError

class TestCase(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        await crawl(1)

    async def test_isolated(self):
        await crawl(2)
        self.fail("on purpose")

def test_own_loop():
    asyncio.run(crawl(2))
    assert 0

def test_own_recording():
    with asyncdemo.record() as recording:
        asyncio.run(crawl(2))
    assert recording.resource("Semaphore").peak_held == 2

def test_no_loop():
    assert 0
"""
FAILING = {
    "test_asyncio[a]": "test_many.py-test_asyncio[a].trace",
    "test_asyncio[b/c]": "test_many.py-test_asyncio[b-c].trace",
    "test_anyio": "test_many.py-test_anyio.trace",
    "test_isolated": "test_many.py-TestCase-test_isolated.trace",
    "test_own_loop": "test_many.py-test_own_loop.trace",
}


def run_pytest(folder: Path, *arguments: str, through: tuple[str, ...] = ()) -> tuple[int, str]:
    """Runs pytest in a folder with few plugins: exit code and output."""
    plugins = ("-p", "asyncdemo.pytest_plugin", "-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", *through, "pytest", *plugins, "-W", "error", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "200", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def written(folder: Path, name: str, source: str) -> Path:
    """A folder with one file of tests, and settings that no warning comes of."""
    (folder / name).write_text(source, encoding="utf-8")
    settings = "[pytest]\nasyncio_mode = strict\nasyncio_default_fixture_loop_scope = function\n"
    (folder / "pytest.ini").write_text(settings, encoding="utf-8")
    return folder


def fetches(trace: Trace) -> int:
    """How many of the tasks fetch."""
    return sum(trace.text(coro) == "fetch" for coro in trace.tasks.coro)


def test_it_is_offered_where_asyncdemo_is_installed() -> None:
    """Pytest finds it by its entry point."""
    assert [each.value for each in entry_points(group="pytest11") if each.name == "asyncdemo"] == [
        "asyncdemo.pytest_plugin"
    ]


def test_a_trace_for_each_failing_asynchronous_test(tmp_path: Path) -> None:
    """Whoever starts the loop; its report names the file. Nothing is saved of others, and nothing else is shown."""
    written(tmp_path, "test_many.py", MANY)
    # A slow machine has asyncio log slow steps in one run and not in the other.
    plugins = ("-p", "anyio.pytest_plugin", "-p", "no:logging")
    code, out = run_pytest(tmp_path, *plugins, "--asyncdemo=traces")
    assert code == 1, out
    assert "6 failed, 2 passed" in out
    traces = {path.name: load(path) for path in (tmp_path / "traces").iterdir()}
    assert set(traces) == set(FAILING.values())
    for test, name in FAILING.items():
        assert f"asyncdemo replay {shlex.quote(os.path.join('traces', name))}" in out
        assert traces[name].meta["command"] == test
        assert fetches(traces[name]) == (10 if test == "test_isolated" else 5)
    without = run_pytest(tmp_path, *plugins)
    assert comparable(re.sub(r"-+ asyncdemo -+\n.*\n.*\n", "", out)) == comparable(without[1])


DEADLY = """
import asyncio, os, signal, pytest
from pathlib import Path

async def until(there):
    while not any(Path("traces").glob(there)):
        await asyncio.sleep(0.01)

@pytest.mark.asyncio
async def test_passes():
    await until("*-test_passes.trace")

@pytest.mark.asyncio
async def test_fails():
    await until("*-test_fails.trace")
    assert not list(Path("traces").glob("*-test_passes.trace"))
    raise ValueError("here")

@pytest.mark.asyncio
async def test_kills():
    await until("*-test_kills.trace")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_test_that_kills_the_process_leaves_its_trace(tmp_path: Path) -> None:
    """The trace of a test is kept while it runs: afterwards it is whole if the test failed, and gone if not."""
    written(tmp_path, "test_deadly.py", DEADLY)
    code, _ = run_pytest(tmp_path, "--asyncdemo=traces")
    assert code == -9
    traces = {path.name: load(path) for path in (tmp_path / "traces").iterdir()}
    assert set(traces) == {"test_deadly.py-test_fails.trace", "test_deadly.py-test_kills.trace"}
    assert ["cut_off" in traces[name].meta for name in sorted(traces)] == [False, True]
    assert traces["test_deadly.py-test_kills.trace"].meta["command"] == "test_kills"


def comparable(out: str) -> str:
    """What pytest shows, without what differs from run to run."""
    return re.sub(r"in [\d.]+s|0x[0-9a-f]+|=+", "", out)


ASKING = f"""
import pytest
{PROGRAM}
@pytest.mark.asyncio
async def test_polite(asyncdemo_recording):
    await crawl(3)
    assert asyncdemo_recording.tasks("fetch").peak_at_work <= 3
    assert asyncdemo_recording.peak("fetch") == 5

def test_around_a_loop(asyncdemo_recording):
    asyncio.run(crawl(3))
    assert asyncdemo_recording.resource("Semaphore").peak_held == 3
    assert not asyncdemo_recording.tasks("fetch").pending
    assert asyncdemo_recording.going_on

@pytest.mark.asyncio
async def test_rude(asyncdemo_recording):
    await crawl(4)
    assert asyncdemo_recording.tasks("fetch").peak_at_work <= 3

@pytest.mark.asyncio
async def test_misspelt(asyncdemo_recording):
    await crawl(4)
    assert asyncdemo_recording.peak("fecth") <= 3
"""


def test_a_test_asks_for_its_own_trace(tmp_path: Path) -> None:
    """The fixture is what happened in the test's call so far, and its answers explain a failure."""
    code, out = run_pytest(written(tmp_path, "test_asking.py", ASKING))
    assert code == 1, out
    assert "2 failed, 2 passed" in out
    assert "where 4 = <5 tasks like 'fetch'>.peak_at_work" in out
    assert "No task is called 'fecth'." in out
    assert {path.name for path in tmp_path.iterdir()} == {"test_asking.py", "pytest.ini"}


@pytest.mark.parametrize(
    "workers", [(), ("-p", "xdist.plugin", "-n", "2")], ids=["one process", "two workers of xdist"]
)
def test_the_fixture_and_the_option(workers: tuple[str, ...], tmp_path: Path) -> None:
    """What the fixture has recorded is what is saved, over what an earlier run has left."""
    written(tmp_path, "test_asking.py", ASKING)
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "test_asking.py-test_rude.trace").write_text("of an earlier run")
    _, out = run_pytest(tmp_path, "--asyncdemo", "traces", *workers)
    names = {path.name: fetches(load(path)) for path in (tmp_path / "traces").iterdir()}
    assert names == {"test_asking.py-test_rude.trace": 5, "test_asking.py-test_misspelt.trace": 5}
    assert all(f"asyncdemo replay {os.path.join('traces', name)}" in out for name in names)


def test_unused_it_imports_nothing(tmp_path: Path) -> None:
    """A run that does not ask for it does not pay for it."""
    source = """
    import sys
    def test_modules():
        mine = {name for name in sys.modules if name.startswith("asyncdemo")}
        assert mine == {"asyncdemo", "asyncdemo.pytest_plugin"}
        assert "rich" not in sys.modules
    """
    (tmp_path / "test_unused.py").write_text(source.replace("\n    ", "\n"), encoding="utf-8")
    code, out = run_pytest(tmp_path, "-p", "no:pytest_asyncio.plugin")
    assert code == 0, out


def test_a_folder_that_cannot_be_one(tmp_path: Path) -> None:
    """It is refused before any test runs."""
    written(tmp_path, "test_asking.py", ASKING)
    (tmp_path / "traces").write_text("a file")
    code, out = run_pytest(tmp_path, "--asyncdemo=traces")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "--asyncdemo traces: File exists. Name a folder that can be made." in out


def test_a_folder_that_goes_away(tmp_path: Path) -> None:
    """The report says why there is no trace, and the tests go on."""
    test = "def test_fails():\n    os.rmdir('traces')\n    asyncio.run(crawl(1))\n    assert 0\n"
    source = f"import os\n{PROGRAM}\n{test}"
    code, out = run_pytest(written(tmp_path, "test_gone.py", source), "--asyncdemo=traces")
    assert code == 1
    assert "cannot be written: No such file or directory." in out
    assert "1 failed" in out


def test_a_process_that_is_recorded_as_a_whole(tmp_path: Path) -> None:
    """Under `asyncdemo run` a test with the fixture is skipped, and every other one runs as ever."""
    written(tmp_path, "test_asking.py", ASKING + "\ndef test_other():\n    asyncio.run(crawl(1))\n")
    run = ("asyncdemo", "run", "-q", "--save", "all.trace", "-m")
    code, out = run_pytest(tmp_path, "--asyncdemo=traces", through=run)
    assert code == 0, out
    assert "1 passed, 4 skipped" in out
    assert fetches(load(tmp_path / "all.trace")) == 5
    assert list((tmp_path / "traces").iterdir()) == []


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        pytest.param("tests/test_a.py::test_b", "tests-test_a.py-test_b.trace", id="plain"),
        pytest.param("test_a.py::TestA::test_b[1-x]", "test_a.py-TestA-test_b[1-x].trace", id="a class and parameters"),
        pytest.param("test_a.py::test_b[a b]", "test_a.py-test_b[a_b]-9e3e63c1.trace", id="a blank"),
        pytest.param('test_a.py::test_b["*?<>|:\\]', "test_a.py-test_b[_]-18563083.trace", id="what Windows refuses"),
    ],
)
def test_file_names(nodeid: str, name: str) -> None:
    """Every system takes them, and those that had to be changed are unlike all others."""
    assert file_name(nodeid) == name


def test_long_file_names() -> None:
    """Are cut, and still unlike each other."""
    names = {file_name(f"test_a.py::test_b[{'x' * 500}{number}]") for number in range(3)}
    assert len(names) == 3
    assert max(map(len, names)) < LONGEST + 20
