"""The pytest plugin: a trace of each failing asynchronous test, and of a test that asks for its own.

Whatever starts a loop within a test's call is recorded: pytest-asyncio, anyio's plugin, `IsolatedAsyncioTestCase`, or
the test itself. Nothing of asyncdemo is imported before a test is to be recorded.
"""

from __future__ import annotations

import os
import re
import shlex
import zlib
from collections.abc import Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from asyncdemo import Recording

FIXTURE = "asyncdemo_recording"
UNSAFE = re.compile(r"[^\w.\[\],=+-]+", re.ASCII)
LONGEST = 150
"""Characters of a file's name, so that every system takes it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offers `--asyncdemo`."""
    parser.getgroup("asyncdemo", "asyncdemo: see asyncio happen").addoption(
        "--asyncdemo",
        metavar="DIR",
        help="save a trace of each failing asynchronous test in this folder; `asyncdemo replay` shows it",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuses a folder that cannot be one, before any test runs."""
    folder = config.getoption("--asyncdemo")
    if folder is None:
        return
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise pytest.UsageError(f"--asyncdemo {folder}: {error.strerror}. Name a folder that can be made.") from None


@pytest.fixture
def asyncdemo_recording(request: pytest.FixtureRequest) -> Recording:
    """The recording of this test's call: `trace` is what happened so far, and it answers questions.

    For example `asyncdemo_recording.peak("fetch") <= 3` and `not asyncdemo_recording.tasks().pending`.
    """
    recording = _recording(request.node)
    if not recording.possible():
        pytest.skip("this process is being recorded as a whole")
    return recording


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Records the call of a test, where somebody wants it."""
    if not _is_wanted(item):
        return (yield)
    recording = _recording(item)
    if not recording.possible():
        return (yield)
    recording.start()
    try:
        return (yield)
    finally:
        recording.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Saves the trace of a test that failed, and names the file in its report; nobody wants that of another one."""
    report = yield
    path = _path(item)
    if path is not None and call.when == "call" and _KEY in item.stash:
        recording = item.stash[_KEY]
        said = _kept(recording, path) if report.failed else ""
        if said:
            report.sections.append(("asyncdemo", said))
        elif recording.partial is not None:
            with suppress(OSError):
                os.unlink(recording.partial)
    return report


def file_name(nodeid: str) -> str:
    """What the file of a test is called: its id in characters that every system takes, made unlike all others."""
    plain = nodeid.replace("::", "-").replace("/", "-")
    safe = UNSAFE.sub("_", plain)
    if safe != plain or len(safe) > LONGEST:
        safe = f"{safe[:LONGEST]}-{zlib.crc32(nodeid.encode('utf-8', 'surrogatepass')):08x}"
    return f"{safe}.trace"


_KEY: pytest.StashKey[Recording] = pytest.StashKey()


def _is_wanted(item: pytest.Item) -> bool:
    return item.config.getoption("--asyncdemo") is not None or FIXTURE in getattr(item, "fixturenames", ())


def _path(item: Any) -> str | None:
    """Where the trace of a test goes if it fails, or None when nobody wants it."""
    folder = item.config.getoption("--asyncdemo")
    return None if folder is None else os.path.join(folder, file_name(item.nodeid))


def _recording(item: Any) -> Recording:
    """The recording of a test; without the fixture it ends when the test records by itself.

    It is kept while the test runs, for the test may end the whole process.
    """
    if _KEY not in item.stash:
        from asyncdemo import Recording

        gives_way = FIXTURE not in getattr(item, "fixturenames", ())
        item.stash[_KEY] = Recording(name=item.name, gives_way=gives_way, meanwhile=_path(item))
    return item.stash[_KEY]  # type: ignore[no-any-return]


def _kept(recording: Recording, path: str) -> str:
    """Saves what was recorded; what to say of it, "" when no task ran."""
    from asyncdemo import AsyncdemoError, save

    if not recording.begun or not len(recording.trace.tasks):
        return ""
    try:
        save(recording.trace, path, force=True, partial=recording.partial)
    except AsyncdemoError as error:
        return error.message
    return f"{recording!r}\nasyncdemo replay {shlex.quote(path)}"
