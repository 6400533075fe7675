"""Timeline: which tasks and resources are a library's own."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Coroutine
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from asyncdemo.events import events
from asyncdemo.exporters import Run
from asyncdemo.recorder import Recorder, VirtualClock
from asyncdemo.timeline import Apart, Folded, folded, libraries_resources, libraries_tasks, summary
from asyncdemo.trace import Trace
from asyncdemo.views.console import build_console
from asyncdemo.views.final import Final
from asyncdemo.views.live import LiveView
from asyncdemo.views.plain import MOST_TASKS, Listing
from tests.recorder.recordings import named, record
from tests.views.test_live import Played, Terminal

LIBRARY = """
import asyncio

async def beat():
    await asyncio.sleep(1)

async def call(function):
    await asyncio.sleep(1)
    await function()

async def run(coroutine):
    return await coroutine

async def numbers():
    try:
        yield 1
    finally:
        await asyncio.sleep(1)

def start(*coroutines):
    return [asyncio.create_task(each) for each in coroutines]

async def main():
    await start(beat())[0]

class Pool:
    def __init__(self):
        self.lock, self.free = asyncio.Lock(), asyncio.Queue()

    async def use(self):
        async with self.lock:
            self.free.put_nowait(1)
            await self.free.get()
"""

PROGRAM = """
import asyncio

async def job():
    pass

async def main(library):
    await asyncio.gather(*library.start(job(), library.beat()))
"""


def installed(folder: Path, name: str, source: str) -> ModuleType:
    """An installed package."""
    package = folder / "lib" / "python3.11" / "site-packages" / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, package / "__init__.py")
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def library(tmp_path: Path) -> ModuleType:
    """The library."""
    return installed(tmp_path, "heartbeat", LIBRARY)


def traced(program: Callable[[], Coroutine[Any, Any, Any]]) -> Trace:
    """The trace of a program in virtual time, which names its main task."""

    async def main() -> None:
        named("main")
        await program()

    recording = record(main)
    assert recording.error is None
    return recording.trace


def own_tasks(trace: Trace) -> list[str]:
    """The coroutines of the tasks that are the library's."""
    found = libraries_tasks(trace)
    assert set(found.values()) <= {"heartbeat"}
    return [trace.text(trace.tasks.coro[task]) for task in found]


def test_tasks_that_a_library_makes_of_its_own_coroutines(library: ModuleType) -> None:
    """They are its own, and so are those that it makes of Python's, whoever has called it."""

    async def program() -> None:
        event = asyncio.Event()
        tasks = library.start(library.beat(), event.wait())
        await tasks[0]
        event.set()
        await asyncio.gather(*tasks)

    assert own_tasks(traced(program)) == ["beat", "Event.wait"]


def test_tasks_that_the_program_makes(library: ModuleType) -> None:
    """One that the program makes of a library's coroutine is the program's."""

    async def program() -> None:
        await asyncio.create_task(library.beat())

    assert own_tasks(traced(program)) == []


def test_the_programs_coroutines(library: ModuleType) -> None:
    """A task that a library makes of them is the program's."""

    async def job() -> None:
        """Does nothing."""

    async def program() -> None:
        await asyncio.gather(*library.start(job()))

    assert own_tasks(traced(program)) == []


async def waits() -> None:
    """Waits in a line of the program's."""
    await asyncio.sleep(1)


async def prints() -> None:
    """Prints."""
    print("hello")  # noqa: T201


async def starts() -> None:
    """Makes a task."""
    named("starts")
    tasks.append(asyncio.create_task(asyncio.sleep(0)))


async def holds() -> None:
    """Holds a lock."""
    async with asyncio.Lock():
        pass


tasks: list[asyncio.Task[None]] = []


@pytest.mark.parametrize("function", [waits, prints, starts, holds])
def test_tasks_in_which_the_program_is_called_back(function: Callable[[], Any], library: ModuleType) -> None:
    """They are the program's, as soon as a line of the program's is seen to do anything in them."""

    async def program() -> None:
        await asyncio.gather(*library.start(library.call(function), library.beat()))

    assert own_tasks(traced(program)) == ["beat"]


def test_a_librarys_generator_that_is_dropped(library: ModuleType) -> None:
    """The task that the loop makes to close it is the library's."""

    async def program() -> None:
        async for _ in library.numbers():
            break
        await asyncio.sleep(2)

    assert own_tasks(traced(program)) == ["numbers.aclose"]


def test_a_program_that_is_installed(library: ModuleType, tmp_path: Path) -> None:
    """What the main task is of is the program, wherever it lies, also where it uses a library."""
    assert own_tasks(record(library.main).trace) == []
    program = installed(tmp_path, "program", PROGRAM)
    assert own_tasks(record(lambda: program.main(library)).trace) == ["beat"]


def test_no_library_at_all() -> None:
    """Neither the program's tasks nor Python's own are a library's."""

    async def program() -> None:
        await asyncio.wait_for(asyncio.gather(waits(), waits()), 5)

    assert own_tasks(traced(program)) == []
    assert libraries_tasks(Trace()) == {}


def test_one_by_one_a_librarys_tasks_do_nothing(library: ModuleType) -> None:
    """What they do counts where the program waits for it."""

    async def program() -> None:
        tasks = library.start(library.beat(), library.beat())
        await waits()
        await asyncio.gather(*tasks)

    assert summary(traced(program)).one_by_one_ns == 1_000_000_000


def test_a_librarys_locks_and_queues(library: ModuleType) -> None:
    """They are its own when its lines use them first; the program's are not."""

    async def program() -> None:
        async with asyncio.Lock():
            await library.Pool().use()
        queue = asyncio.Queue[int]()
        queue.put_nowait(1)

    trace = traced(program)

    found = {trace.text(trace.resources.name[row]): of for row, of in libraries_resources(trace).items()}
    assert found == {"Lock 2": "heartbeat", "Queue": "heartbeat"}


def test_folding_leaves_the_program(library: ModuleType) -> None:
    """Without the library's tasks, locks and queues; how many there were is told."""

    async def program() -> None:
        pool = library.Pool()
        await asyncio.gather(*library.start(library.beat()), pool.use(), pool.use())

    trace = traced(program)
    left, theirs = folded(trace)
    assert theirs == {"heartbeat": Folded(tasks=1, resources=2)}
    assert [left.task_name(task) for task in range(len(left.tasks))] == [
        trace.task_name(task) for task in range(len(trace.tasks)) if trace.text(trace.tasks.coro[task]) != "beat"
    ]
    assert (len(left.holds), len(left.levels)) == (0, 0)
    assert len(trace.holds) == 2
    assert folded(left) == (left, {})


def test_snapshots_are_folded_as_they_come(library: ModuleType) -> None:
    """What was left stays where it is; a task that turns out to be the program's comes in behind the others."""
    recorder, apart, seen, cursor = Recorder(clock=VirtualClock()), Apart(), [], None

    async def look() -> None:
        nonlocal cursor
        for _ in range(3):
            await asyncio.sleep(0.6)
            snapshot, cursor = recorder.snapshot(cursor)
            left, theirs = apart.fold(snapshot)
            seen.append(([left.text(each) for each in left.tasks.coro], theirs))

    async def job() -> None:
        await asyncio.sleep(2)

    async def main() -> None:
        looking = asyncio.create_task(look())
        calling = asyncio.gather(*library.start(library.call(waits), library.beat()), library.Pool().use())
        await asyncio.gather(looking, calling, job())

    with recorder, recorder.clock.installed(), asyncio.Runner(loop_factory=recorder.clock.new_event_loop) as runner:
        runner.run(main())
    trace = recorder.stop()
    prefix = f"{test_snapshots_are_folded_as_they_come.__name__}.<locals>."
    first = [f"{prefix}main", f"{prefix}look", "Pool.use", f"{prefix}job"]
    both, one = {"heartbeat": Folded(tasks=2, resources=2)}, {"heartbeat": Folded(tasks=1, resources=2)}
    assert seen == [(first, both), ([*first, "call"], one), ([*first, "call"], one)]
    assert folded(trace)[1] == one


@pytest.mark.parametrize("function", [waits, prints, starts, holds])
def test_snapshots_show_in_what_is_new_whose_a_task_is(function: Callable[[], Any], library: ModuleType) -> None:
    """Whatever a line of the program's does in a task, the next snapshot has the task as the program's."""
    recorder, apart, seen, cursor = Recorder(clock=VirtualClock()), Apart(), [], None

    async def program() -> None:
        nonlocal cursor
        library.start(library.call(function), library.beat())
        for _ in range(4):
            await asyncio.sleep(0.4)
            snapshot, cursor = recorder.snapshot(cursor)
            left, _ = apart.fold(snapshot)
            seen.append("call" in map(left.text, left.tasks.coro))

    with recorder, recorder.clock.installed(), asyncio.Runner(loop_factory=recorder.clock.new_event_loop) as runner:
        runner.run(program())
    assert seen == [False, False, True, True]


def test_nothing_to_fold() -> None:
    """A trace without libraries is handed back as it is."""
    trace = traced(waits)
    assert folded(trace)[0] is trace


def test_the_final_view_says_what_it_does_not_draw(library: ModuleType) -> None:
    """The picture and the verdict are of the program; a line tells of the rest."""

    async def program() -> None:
        pool = library.Pool()
        await asyncio.gather(*library.start(library.beat()), pool.use())

    text = drawn(traced(program))
    assert "beat" not in text.partition("not drawn")[0]
    assert "\nnot drawn: 1 task and 2 resources of heartbeat\n" in text
    assert "\n1 ok" in text


def test_the_live_view_draws_the_same(library: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it runs, the picture is of the program too, and what it does not show is told."""

    async def program() -> None:
        pool = library.Pool()
        await asyncio.gather(*library.start(library.beat()), pool.use())

    monkeypatch.setattr("asyncdemo.views.live.LiveView._terminal_size", lambda _: (80, 24))
    terminal = Terminal()
    recording: Any = Played(traced(program))
    LiveView(recording, "app.py", build_console(terminal, coloured=False, width=80))._draw()
    shown = "\n".join(line.rstrip() for line in terminal.screen().display)
    assert "beat" not in shown.partition("not drawn")[0]
    assert "\nnot drawn: 1 task and 2 resources of heartbeat\n" in shown
    assert shown.startswith("app.py  1 task ")


def drawn(trace: Trace) -> str:
    """The final view as text."""
    out = StringIO()
    Console(file=out, width=80, force_terminal=False, color_system=None).print(Final(trace, Run("app.py"), lines=False))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def test_they_are_not_listed(library: ModuleType) -> None:
    """In a pipe the listing has the program's tasks alone, however many a library has beside them."""

    async def program() -> None:
        await asyncio.gather(*library.start(*(library.beat() for _ in range(MOST_TASKS)), waits()))

    trace, written = traced(program), list[str]()
    Listing(written.append).add(events(trace), trace)
    assert len(trace.tasks) > MOST_TASKS
    assert [line.split()[1:] for line in "".join(written).splitlines()] == [["waits", "done"], ["main", "done"]]
