"""Crowds: snapshots that read where it is recorded what others copy."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import fields

from asyncdemo.recorder import Recorder, VirtualClock
from asyncdemo.timeline.progress import Progress
from asyncdemo.trace import Ends, Outcome, Table, Trace
from tests.recorder.recordings import TICK

MANY = 2_000


async def job(slots: asyncio.Semaphore, number: int) -> None:
    """Hold a slot, and end well, badly or not for a long time."""
    async with slots:
        await asyncio.sleep(TICK if number % 3 else 0)
    if number % 5 == 0:
        raise ValueError
    if number % 7 == 0:
        raise asyncio.CancelledError
    if number % 11 == 0:
        await asyncio.sleep(1)


def compared(compare: Callable[[Trace, Trace], None]) -> None:
    """Compare a crowd's snapshot with the full one of the same moment, while some tasks run and when all have ended."""
    clock = VirtualClock()

    def look() -> None:
        full = recorder.snapshot()[0]
        compare(recorder.snapshot(None, None, MANY)[0], full)

    async def main() -> None:
        slots = asyncio.Semaphore(100)
        tasks = [asyncio.create_task(job(slots, number), name=f"job-{number}") for number in range(MANY)]
        sys.stdout.write("while some run\n")
        for _ in range(2):
            await asyncio.wait(tasks, timeout=10 * TICK)
            look()
        tasks.extend(asyncio.create_task(job(slots, 1)) for _ in range(10))
        sys.stdout.write("before the last ones\n")
        await asyncio.wait(tasks)
        look()

    with Recorder(clock=clock) as recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main())


def same(crowd: Table, full: Table, without: set[str]) -> None:
    """Columns have the same values, one by one, in samples and from the end."""
    for field in fields(full):  # type: ignore[arg-type]
        if field.name not in without:
            read, copied = getattr(crowd, field.name), getattr(full, field.name)
            assert len(read) == len(copied)
            assert list(read) == list(copied), field.name
            assert list(read[7:MANY:13]) == list(copied[7:MANY:13])
            assert read[-1] == copied[-1]


def test_tasks_are_read_as_they_are_copied() -> None:
    """Every column of the tasks but what they wait for, whose names a crowd's snapshot does not ask for."""
    compared(lambda crowd, full: same(crowd.tasks, full.tasks, {"waiting", "name", "started_ns"}))


def test_begun_tasks_are_known_once_they_have_ended() -> None:
    """When a task began is known of those that have ended, and so are their names."""

    def compare(crowd: Trace, full: Trace) -> None:
        ended = [row for row, outcome in enumerate(full.tasks.outcome) if outcome != Outcome.PENDING]
        assert [crowd.tasks.started_ns[row] for row in ended] == [full.tasks.started_ns[row] for row in ended]
        assert [crowd.task_name(row) for row in ended] == [full.task_name(row) for row in ended]

    compared(compare)


def test_curves_are_those_of_all_tasks() -> None:
    """How many tasks there were, and ended, over time: what happened between two snapshots is not guessed."""
    of_crowd, of_all = Progress(1_000_000), Progress(1_000_000)

    def compare(crowd: Trace, full: Trace) -> None:
        assert isinstance(crowd.tasks.ended_ns, Ends)
        over = [end for end, how in zip(full.tasks.ended_ns, full.tasks.outcome, strict=True) if how]
        for moment in (-1, 0, *over[::50], full.duration_ns):
            assert crowd.tasks.ended_ns.ended_by(moment, 0, len(over)) == sum(end <= moment for end in over)
        of_crowd.look_at(crowd, 1_000_000, exact=False)
        of_all.look_at(full, 1_000_000, exact=True)
        assert of_crowd.in_flight() == of_all.in_flight()
        assert of_crowd.done() == of_all.done()

    compared(compare)
    assert len(set(of_crowd.done())) > 2


def test_holds_are_read_as_they_are_copied() -> None:
    """Every column of the holds; those that go on end now."""
    compared(lambda crowd, full: same(crowd.holds, full.holds, set()))


def test_outcomes_are_counted() -> None:
    """How many tasks ended how is known without reading the column."""

    def compare(crowd: Trace, full: Trace) -> None:
        counts = [bytes(full.tasks.outcome).count(outcome) for outcome in Outcome]
        assert [crowd.tasks.outcome.count(outcome) for outcome in Outcome] == counts
        assert 0 not in counts[: Outcome.DESTROYED]

    compared(compare)


def test_what_does_not_grow_is_whole() -> None:
    """Resources, loops, stalls and the last lines are there; steps are not."""

    def compare(crowd: Trace, full: Trace) -> None:
        for table in ("resources", "loops", "lines"):
            same(getattr(crowd, table), getattr(full, table), set())
        assert not len(crowd.steps)
        assert (crowd.duration_ns, crowd.text(crowd.lines.text[0])) == (full.duration_ns, "while some run")

    compared(compare)
