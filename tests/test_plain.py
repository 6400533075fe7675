"""The plain view: a line an event."""

from __future__ import annotations

from _thread import allocate_lock
from dataclasses import replace
from typing import Any

import pytest

from asyncdemo.events import events
from asyncdemo.trace import Actor, Outcome, Steps, Trace, Wait
from asyncdemo.views.plain import Listing, PlainView
from tests.traces import TraceBuilder, semaphore

SEMAPHORE = """\
+0.000s job-00  acquired Semaphore
+0.042s job-00  | job-00 is done
+0.042s job-00  done
+0.042s job-01  acquired Semaphore after 42 ms
+0.100s job-01  | job-01 is done
+0.100s job-01  done
+0.100s main    done
"""


def plain(trace: Trace) -> str:
    """The listing of a finished trace."""
    written: list[str] = []
    Listing(written.append).add(events(trace), trace)
    return "".join(written)


def test_two_jobs_and_a_semaphore() -> None:
    """The whole listing of a small run: what is printed, acquired, waited for and how tasks end, with time and task."""
    assert plain(semaphore((42, 58), 1)) == SEMAPHORE


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        pytest.param({}, "done", id="returned"),
        pytest.param({"outcome": Outcome.RAISED, "error": "ValueError: a\nb"}, "failed: ValueError: a?b", id="raised"),
        pytest.param({"outcome": Outcome.CANCELLED}, "cancelled", id="cancelled by nobody knows whom"),
        pytest.param(
            {"outcome": Outcome.CANCELLED, "cancelled_by": Actor.SIGNAL, "cancelled_at": "app.py:3"},
            "cancelled by a signal handler at app.py:3",
            id="cancelled by somebody",
        ),
    ],
)
def test_how_a_task_ends(ending: dict[str, Any], said: str) -> None:
    """The last line of a task says how it ended, on one line whatever the message is."""
    builder = TraceBuilder()
    builder.step(builder.task("work", 0, 2_500, **ending), 0, 2_500)
    assert plain(builder.build()).splitlines()[-1] == f"+2.500s work    {said}"


@pytest.mark.parametrize(
    ("by", "site", "said"),
    [
        pytest.param(0, "app.py:7", "cancel requested by main at app.py:7", id="a task"),
        pytest.param(
            Actor.TIMER, "app.py:7", "cancel requested by a timer at app.py:7", id="a timer, such as that of a time-out"
        ),
        pytest.param(Actor.UNKNOWN, "", "cancel requested", id="nobody knows who"),
    ],
)
def test_a_request_to_cancel(by: int, site: str, said: str) -> None:
    """A task that does not end by it at once has a line of its own about who asked, and where."""
    builder = TraceBuilder()
    builder.task("", 0, 9, coro="main")
    job = builder.task("job", 0, 9)
    builder.step(job, 0, 0)
    builder.cancel(5, job, by, site)
    builder.step(job, 5, 5, wait=builder.wait(Wait.SLEEP))
    assert plain(builder.build()).splitlines()[0] == f"+0.005s job     {said}"


def test_tasks_are_called_as_in_the_pictures() -> None:
    """A task that asyncio only numbered goes by its coroutine's name, also where another one mentions it."""
    builder = TraceBuilder()
    main = builder.task("", 0, 2, coro="main")
    boss = builder.task("", 0, 3, parent=main, coro="boss")
    builder.task("job", 1, 2, parent=boss, outcome=Outcome.CANCELLED, cancelled_by=boss)
    assert plain(builder.build()).splitlines() == [
        "+0.001s job     created by boss",
        "+0.002s main    done",
        "+0.002s job     cancelled by boss",
        "+0.003s boss    done",
    ]


@pytest.mark.parametrize(
    ("ready", "lines"),
    [
        pytest.param(300, ["+0.300s late    done"], id="at once"),
        pytest.param(
            100, ["+0.300s late    slept 100 ms, then 200 ms for the loop", "+0.300s late    done"], id="late"
        ),
    ],
)
def test_a_sleep_is_told_when_the_loop_was_late(ready: int, lines: list[str]) -> None:
    """That a sleep ended when it should goes without saying."""
    builder = TraceBuilder()
    task = builder.task("late", 0, 300)
    builder.step(task, 0, 0)
    builder.step(task, 300, 300, ready=ready, wait=builder.wait(Wait.SLEEP))
    assert plain(builder.build()).splitlines() == lines


def test_a_wait_for_the_loop_is_said() -> None:
    """A task that was ready long before it ran says how long the loop kept it."""
    builder = TraceBuilder()
    task = builder.task("late", 0, 300)
    builder.step(task, 0, 0)
    builder.step(task, 300, 300, ready=100, wait=builder.wait(Wait.QUEUE_GET))
    assert "+0.300s late    waited 100 ms for Queue.get, then 200 ms for the loop\n" in plain(builder.build())


def test_what_belongs_to_no_task_says_so() -> None:
    """Lines of the program itself and of its threads, and a callback that blocks, have somebody's name too."""
    builder = TraceBuilder()
    builder.line(-3, "hello")
    builder.line(1, "from afar", origin="thread pool_0")
    builder.stall(2, 602, site="app.py:4", gc=20)
    assert plain(builder.build(700)).splitlines() == [
        "-0.003s (program)  | hello",
        "+0.001s thread pool_0  | from afar",
        "+0.602s (callback)     blocked the loop for 600 ms at app.py:4, 20 ms of it garbage collection",
    ]


@pytest.mark.parametrize(("tasks", "listed"), [(100, True), (101, False)], ids=["a hundred", "one more"])
def test_up_to_a_hundred_tasks_are_listed(tasks: int, *, listed: bool) -> None:
    """Beyond, it says so once, and only what the program prints goes on."""
    builder = TraceBuilder()
    for number in range(tasks):
        builder.task(f"job-{number}", 0, 1)
    builder.line(1, "here", 5)
    lines = plain(builder.build()).splitlines()
    assert (len(lines) == tasks + 1) is listed
    if not listed:
        assert lines == [
            "More than 100 tasks: only what they print is listed, the summary follows.",
            "+0.001s job-5   | here",
        ]


class Recording:
    """A recorder that has seen the first step of a run, and the rest of it once it is `over`."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.over = False
        self.looked = allocate_lock()
        self.looked.acquire()

    def snapshot(self, cursor: Any = None) -> tuple[Trace, Any]:
        """The steps since `cursor`, a number of steps."""
        begin, end = cursor or 0, len(self.trace.steps) if self.over else 1
        if self.looked.locked():
            self.looked.release()
        columns = {name: getattr(self.trace.steps, name)[begin:end] for name in Steps.__dataclass_fields__}
        return replace(self.trace, steps=Steps(**columns)), end


def test_a_running_program_is_listed_to_its_end_once() -> None:
    """Events come while the program runs; stopping writes what is left, once however often it is stopped."""
    recording, written = Recording(semaphore((42, 58), 1)), list[str]()
    view = PlainView(recording, written.append, interval_s=0.001)
    view.start()
    assert recording.looked.acquire(timeout=30)
    recording.over = True
    view.stop(recording.trace)
    view.stop(recording.trace)
    assert sorted("".join(written).splitlines()) == sorted(SEMAPHORE.splitlines())
    assert view.fault is None


@pytest.mark.parametrize("when", ["while it runs", "at the end"])
def test_a_fault_of_the_view_never_reaches_the_program(when: str) -> None:
    """A stream that cannot be written ends the view, not the program."""

    def broken(_: str) -> None:
        raise BrokenPipeError

    recording = Recording(semaphore())
    view = PlainView(recording, broken, interval_s=0.001 if when == "while it runs" else 30)
    view.start()
    if when == "while it runs":
        assert recording.looked.acquire(timeout=30)
    view.stop(recording.trace)
    assert isinstance(view.fault, BrokenPipeError)
