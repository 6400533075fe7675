"""What holds around every test: the same surroundings everywhere, and nothing left patched afterwards."""

from __future__ import annotations

import asyncio
import asyncio.locks
import asyncio.queues
import concurrent.futures.process
import concurrent.futures.thread
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import settings

from asyncdemo import servers
from asyncdemo.cli import main
from asyncdemo.servers.base.keeping import embedded
from tests.commands import Asyncdemo, Outcome

# The same examples in every run, however slow the machine is; `--hypothesis-profile=explore` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("same")

# `nohup` has hang-ups ignored, and a shell the interrupts of what it runs in the background: whatever is started would
# ignore them too.
for name, usual in (("SIGHUP", signal.SIG_DFL), ("SIGINT", signal.default_int_handler)):
    if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_IGN:
        signal.signal(getattr(signal, name), usual)

SURROUNDINGS = (
    "CI", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "GITHUB_ACTIONS", "LINES", "NO_COLOR",
    "PYTHONASYNCIODEBUG", "PYTHONIOENCODING",
)  # fmt: skip
"""Variables that change what is printed or how asyncio runs."""

PATCHABLE = (
    asyncio,
    asyncio.base_events,
    asyncio.base_events.BaseEventLoop,
    asyncio.events,
    asyncio.events.Handle,
    asyncio.events.TimerHandle,
    asyncio.futures,
    asyncio.locks,
    *(asyncio.Lock, asyncio.Semaphore, asyncio.BoundedSemaphore, asyncio.Condition, asyncio.Event, asyncio.Barrier),
    *(asyncio.Queue, asyncio.PriorityQueue, asyncio.LifoQueue),
    asyncio.tasks,
    concurrent.futures.process,
    concurrent.futures.thread,
    threading.Thread,
    time,
)
"""Where a recorder or a clock hooks in."""


def functions() -> dict[tuple[Any, str], Callable[..., Any]]:
    """Every function and class in the places that may be patched."""
    return {(owner, name): value for owner in PATCHABLE for name, value in list(vars(owner).items()) if callable(value)}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Has the files of tests spread over workers by what gets over a crash."""
    if config.getvalue("dist") != "loadfile":
        return None
    from tests.spreading import FilesOverWorkers

    return FilesOverWorkers(config, log)


@pytest.fixture(autouse=True)
def same_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests see does not depend on the terminal or the machine that runs them."""
    for name in SURROUNDINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def children_can_be_interrupted() -> Iterator[None]:
    """A shell's background job ignores Ctrl+C, and so would the programs that its tests start and interrupt."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def nothing_stays_patched() -> Iterator[None]:
    """A recorder or a virtual clock that a test has used is gone without a trace when the test ends."""
    before = functions()
    yield
    after = functions()
    patched = [
        f"{owner.__name__}.{name}" for (owner, name), value in before.items() if after.get((owner, name)) is not value
    ]
    assert not patched


@pytest.fixture
def asyncdemo(capsys: pytest.CaptureFixture[str]) -> Asyncdemo:
    """Runs a command line in this process."""

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = main.run(arguments)
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def servers_at_work() -> Iterator[dict[str, str]]:
    """The addresses of embedded servers, by name: of all that can be started here."""
    with ExitStack() as stack:
        kinds = [servers.find(each) for each in servers.names()]
        yield {each.name: stack.enter_context(embedded(each)) for each in kinds if each.can_embed}
