"""A recording with something of everything that the pager tells of, and what it draws of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from asyncdemo.pager.screen import Screen, Showing
from asyncdemo.pager.viewpoint import Viewpoint
from asyncdemo.trace import Actor, Outcome, Trace, Wait
from asyncdemo.views.glyphs import ASCII, UNICODE
from tests.traces import TraceBuilder
from tests.views.screens import texts

HERE = Path(__file__)


@dataclass(frozen=True)
class Ran:
    """What ran."""

    command: str = "app.py"
    about: tuple[str, ...] = ("limit 3",)


def jobs() -> Trace:
    """A producer that wakes three consumers in turn; one fails, one is cancelled, and the loop is blocked twice."""
    builder = TraceBuilder(started="2020-01-01T00:00:00+00:00")
    get = builder.wait(Wait.QUEUE_GET, site=f"{HERE}:1")
    sleep = builder.wait(Wait.SLEEP, site="app.py:20")
    main = builder.task("", 0, 100, coro="main")
    builder.step(main, 0, 1, waker=Actor.PROGRAM)
    producer = builder.task("producer", 0, 90, coro="produce", parent=main, site="app.py:9")
    builder.step(producer, 1, 2, ready=0, waker=main)
    ends = {
        1: (Outcome.RETURNED, 80, ""),
        2: (Outcome.RAISED, 60, "ValueError: no luck"),
        3: (Outcome.CANCELLED, 70, ""),
    }
    for number, (outcome, end, error) in ends.items():
        consumer = builder.task(
            f"consumer-{number}", 1, end, parent=main, outcome=outcome, error=error, cancelled_by=main, site="app.py:12"
        )
        builder.step(consumer, 2 + number / 10, 2 + number / 10, ready=1, waker=main)
        builder.step(consumer, number * 10 + 1, number * 10 + 3, ready=number * 10, wait=get, waker=producer)
        builder.step(consumer, end, end, wait=sleep, waker=Actor.TIMER)
    for number in range(1, 4):
        builder.step(producer, number * 10 - 1, number * 10 + 1, wait=sleep, waker=Actor.TIMER)
    builder.step(main, 100, 100, wait=builder.wait(Wait.TASK))
    builder.step(producer, 90, 90, wait=sleep, waker=Actor.TIMER)
    builder.stall(40, 42, consumer, "app.py:30")
    builder.stall(50, 58, main, "app.py:31")
    return builder.build()


def crowd() -> Trace:
    """More tasks than any screen has lines."""
    builder = TraceBuilder()
    for number in range(500):
        task = builder.task("", number, number + 50, coro="Crawler.fetch")
        builder.step(task, number, number + 1)
        builder.step(task, number + 50, number + 50, wait=builder.wait(Wait.NETWORK, site="crawl.py:7"))
    return builder.build()


class Looking:
    """A screen, a viewpoint and what is shown beside it."""

    def __init__(self, trace: Trace, width: int = 80, height: int = 24, *, ascii_only: bool = False) -> None:
        self.screen = Screen(trace, Ran(), ASCII if ascii_only else UNICODE)
        self.view = Viewpoint(trace.duration_ns, len(trace.tasks))
        self.showing = Showing()
        self.width, self.height = width, height
        self.lines()

    def lines(self) -> list[str]:
        """The screen as text."""
        return texts(self.screen.lines(self.view, self.width, self.height, self.showing))

    def text(self) -> str:
        """The same in one piece."""
        return "\n".join(self.lines())

    def gather(self, cohort: int) -> None:
        """Have so many tasks a row, all worked out."""
        self.view.gather(cohort)
        crowd = self.screen.crowd(self.view)
        while not crowd.complete:
            crowd.work()

    def line(self, beginning: str) -> str:
        """The first line that begins so, without its blanks."""
        return next(line for line in map(str.strip, self.lines()) if line.startswith(beginning))


JOBS, CROWD = cache(jobs), cache(crowd)
