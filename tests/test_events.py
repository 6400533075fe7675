"""Events: what happened, in time order, out of a whole trace or out of snapshots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncdemo.events import Event, Events, Kind, events
from asyncdemo.trace import Actor, Outcome, Steps, Trace, Wait
from tests.traces import TraceBuilder, ns, semaphore


def told(found: list[Event]) -> list[tuple[str, str]]:
    """Events as pairs of a task's name and a kind."""
    return [(event.name, event.kind.name.lower()) for event in found]


def steps_between(trace: Trace, first: int, last: int) -> Trace:
    """The trace with only some of its steps, as a snapshot has it."""
    columns = {name: getattr(trace.steps, name)[first:last] for name in Steps.__dataclass_fields__}
    return replace(trace, steps=Steps(**columns))


def cancelled() -> Trace:
    """A task that waits for a lock is cancelled by another."""
    builder = TraceBuilder()
    lock = builder.resource("Lock")
    boss = builder.task("boss", 0, 5)
    victim = builder.task(
        "victim", 1, 5, parent=boss, outcome=Outcome.CANCELLED, cancelled_by=boss, cancelled_at="app.py:9"
    )
    builder.step(boss, 0, 1)
    builder.step(victim, 2, 2)
    builder.step(boss, 4, 4, wait=builder.wait(Wait.SLEEP))
    builder.step(victim, 5, 5, ready=4, wait=builder.wait(Wait.LOCK, resource=lock, site="app.py:3"), waker=boss)
    return builder.build()


def test_events_of_one_task_tell_its_life_in_order() -> None:
    """Created, started, acquired, woken, printed, released, ended: in this order, each at its time."""
    life = [(event.t_ns, event.kind) for event in events(semaphore((91,), 1)) if event.name == "job-00"]
    assert life == [
        (0, Kind.CREATED),
        (0, Kind.STARTED),
        (0, Kind.ACQUIRED),
        (ns(91), Kind.WAITED),
        (ns(91), Kind.PRINTED),
        (ns(91), Kind.RELEASED),
        (ns(91), Kind.ENDED),
    ]


def test_at_one_instant_the_release_comes_before_the_acquisition_that_it_allows() -> None:
    """In virtual time a chain of steps shares one time: its events follow the order of the steps."""
    at_42 = told([event for event in events(semaphore()) if event.t_ns == ns(42)])
    assert at_42 == [
        ("job-01", "waited"),
        ("job-01", "printed"),
        ("job-01", "released"),
        ("job-01", "ended"),
        ("job-03", "waited"),
        ("job-03", "acquired"),
    ]


def test_an_eager_task_is_created_before_it_starts() -> None:
    """A task whose first step lies inside its parent's, at the same instant, is told of as created first."""
    builder = TraceBuilder()
    parent = builder.task("parent", 0, 0)
    child = builder.task("child", 0, 0, parent=parent)
    builder.step(child, 0, 0)
    builder.step(parent, 0, 0)
    kinds = [event.kind for event in events(builder.build()) if event.name == "child"]
    assert kinds == [Kind.CREATED, Kind.STARTED, Kind.ENDED]


def test_a_cancelled_task_says_by_whom_and_where() -> None:
    """The end of a cancelled task names who cancelled it and the line that did."""
    last = list(events(cancelled()))[-1]
    assert (last.name, last.kind) == ("victim", Kind.ENDED)
    assert last.about == {
        "outcome": "cancelled",
        "error": None,
        "cancelled_by": "boss",
        "cancelled_at": "app.py:9",
    }


def test_a_wait_says_for_what_how_long_and_where() -> None:
    """A wait is told of when the task runs again, with when it began and when it could have run."""
    waited = next(event for event in events(cancelled()) if event.name == "victim" and event.kind is Kind.WAITED)
    assert waited.t_ns == ns(5)
    assert waited.about == {"from_ns": ns(2), "to_ns": ns(4), "kind": "lock", "on": "Lock", "at": "app.py:3"}


@pytest.mark.parametrize("kind", [Wait.BRIEF, Wait.YIELD], ids=["too brief to look at", "sleep(0)"])
def test_waits_that_are_none_are_not_told(kind: Wait) -> None:
    """Letting others run, and waits too brief to have been looked at, are no events."""
    builder = TraceBuilder()
    task = builder.task("busy", 0, 2)
    builder.step(task, 0, 1)
    builder.step(task, 2, 2, wait=builder.wait(kind))
    assert told(list(events(builder.build()))) == [("busy", "created"), ("busy", "started"), ("busy", "ended")]


def test_a_hold_that_outlasts_its_task_is_not_released() -> None:
    """A lock that was never given back has no release, though the recording's end is where the hold's row ends."""
    builder = TraceBuilder()
    lock = builder.resource("Lock")
    leaker, other = builder.task("leaker", 0, 1), builder.task("other", 0, 3)
    builder.step(leaker, 0, 1)
    builder.step(other, 1, 3)
    builder.hold(lock, leaker, 0, 0, 3)
    assert Kind.RELEASED not in [event.kind for event in events(builder.build())]


def test_a_line_printed_by_a_thread_is_the_threads() -> None:
    """What no task printed carries the name of who did."""
    builder = TraceBuilder()
    builder.line(1, "hello", origin="thread pool_0")
    (line,) = events(builder.build(2))
    assert (line.name, line.task, line.about["text"]) == ("thread pool_0", -1, "hello")


def test_snapshots_tell_the_same_as_the_whole() -> None:
    """Fed with snapshots as the run goes on, the stream tells what the finished trace tells, in the same order."""
    whole = semaphore()
    stream, found = Events(), []
    for now in (ns(30), ns(60), ns(120), ns(200)):
        found += stream.feed(until(whole, now, since=found_steps(stream)))
    found += stream.finish(whole)
    assert found == list(events(whole))


def found_steps(stream: Events) -> int:
    """How many steps a stream has taken in."""
    return stream._steps_seen


def until(trace: Trace, now: int, since: int) -> Trace:
    """What a snapshot of the semaphore's run at `now` would hold."""
    ended = [end < now for end in trace.tasks.ended_ns]
    tasks = replace(
        trace.tasks,
        outcome=[
            outcome if over else Outcome.PENDING for outcome, over in zip(trace.tasks.outcome, ended, strict=True)
        ],
        ended_ns=[end if over else now for end, over in zip(trace.tasks.ended_ns, ended, strict=True)],
        waiting=[-1 if over else 0 for over in ended],
    )
    held = sum(start < now for start in trace.holds.from_ns)
    holds = replace(
        trace.holds,
        **{
            name: list(getattr(trace.holds, name)[:held])
            for name in ("resource", "task", "asked_ns", "from_ns", "site")
        },
        to_ns=[min(end, now) for end in trace.holds.to_ns[:held]],
    )
    printed = sum(t < now for t in trace.lines.t_ns)
    lines = replace(
        trace.lines,
        **{name: list(getattr(trace.lines, name)[:printed]) for name in ("t_ns", "task", "stream", "text", "origin")},
    )
    last = sum(end < now for end in trace.steps.end_ns)
    snapshot = steps_between(trace, since, last)
    return replace(snapshot, tasks=tasks, holds=holds, lines=lines, duration_ns=now)


def test_what_an_unfinished_step_may_precede_is_kept_back() -> None:
    """While a task runs, a line that it printed waits: the step's beginning, known at its end, must come first."""
    builder = TraceBuilder()
    task = builder.task("worker", 0)
    builder.line(5, "half way", task)
    running = builder.build(500)
    builder.step(task, 1, 600)
    stream = Events()
    assert told(stream.feed(running)) == [("worker", "created")]
    rest = stream.finish(builder.build(600))
    assert told(list(rest)) == [("worker", "started"), ("worker", "printed")]


def test_nothing_is_kept_back_longer_than_a_second() -> None:
    """A loop that is blocked for long does not keep back what its task has printed meanwhile."""
    builder = TraceBuilder()
    builder.line(5, "half way", builder.task("worker", 0))
    assert told(Events().feed(builder.build(1_100))) == [("worker", "created"), ("worker", "printed")]


def test_a_callback_that_blocks_the_loop_is_nobodys() -> None:
    """A stall without a task has no name, and says where and how much of it was garbage collection."""
    builder = TraceBuilder()
    builder.stall(1, 700, site="app.py:4", gc=20)
    (stall,) = events(builder.build(800))
    assert (stall.t_ns, stall.name) == (ns(700), "")
    assert stall.about == {"from_ns": ns(1), "gc_ns": ns(20), "at": "app.py:4"}


def asked(answer: str) -> Trace:
    """A task is asked to end as it sleeps: it "obeys" at once, or "cleans up" first, or "goes on", or "never runs"."""
    builder = TraceBuilder()
    sleep = builder.wait(Wait.SLEEP)
    how = Outcome.RETURNED if answer == "goes on" else Outcome.CANCELLED
    boss = builder.task("boss", 0, 5)
    end = None if answer == "never runs" else 5 if answer == "obeys" else 9
    job = builder.task("job", 0, end, outcome=None if end is None else how, waiting=sleep if end is None else -1)
    builder.step(boss, 0, 0)
    builder.step(job, 0, 0)
    builder.step(boss, 5, 5, wait=sleep)
    builder.cancel(5, job, boss, "app.py:7")
    if answer != "never runs":
        builder.step(job, 5, 5, wait=sleep, waker=boss)
    if end == 9:
        builder.step(job, 9, 9, wait=sleep)
    return builder.build(9)


@pytest.mark.parametrize("answer", ["cleans up", "goes on", "never runs"])
def test_a_request_to_cancel_that_is_not_obeyed_at_once_is_told(answer: str) -> None:
    """It stands where it was made: after the asking task woke, before what the asked one does next."""
    found = [event for event in events(asked(answer)) if event.t_ns == ns(5) and event.kind is not Kind.ENDED]
    assert told(found)[:2] == [("boss", "waited"), ("job", "cancel_requested")]
    assert found[1].about == {"by": "boss", "by_task": 0, "at": "app.py:7"}


def test_a_request_to_cancel_that_is_obeyed_at_once_is_told_by_the_end() -> None:
    """The end says by whom and where: that is enough."""
    assert Kind.CANCEL_REQUESTED not in [event.kind for event in events(asked("obeys"))]


def test_a_request_to_cancel_is_kept_back_until_it_is_answered() -> None:
    """Before the asked task's next step is known nothing is told of what came after the request."""
    whole = asked("goes on")
    stream, found = Events(), []
    for first, last, now in ((0, 3, 6), (3, 4, 100), (4, 4, 200)):
        snapshot = replace(steps_between(whole, first, last), duration_ns=ns(now))
        tasks = replace(whole.tasks, outcome=[Outcome.RETURNED, Outcome.PENDING], waiting=[-1, 0])
        found += stream.feed(replace(snapshot, tasks=tasks))
    found += stream.finish(whole)
    assert found == list(events(whole))


def test_a_time_out_is_told_before_what_it_interrupts() -> None:
    """Nobody's step asks: the request stands before the step of the task that it wakes."""
    builder = TraceBuilder()
    sleep = builder.wait(Wait.SLEEP)
    first, job = builder.task("first", 0, 5), builder.task("job", 0, 9)
    for task in (first, job):
        builder.step(task, 0, 0)
    builder.step(first, 5, 5, wait=sleep)
    builder.cancel(5, job, Actor.TIMER, "app.py:7")
    builder.step(job, 5, 5, wait=sleep)
    builder.step(job, 9, 9, wait=sleep)
    found = [event for event in events(builder.build()) if event.t_ns == ns(5)]
    assert told(found) == [("first", "waited"), ("first", "ended"), ("job", "cancel_requested"), ("job", "waited")]


def test_a_request_without_a_line_of_its_own_comes_after_the_step() -> None:
    """A task group cancels in a callback of the task that failed: that task's end comes first."""
    builder = TraceBuilder()
    sleep = builder.wait(Wait.SLEEP)
    main, job = builder.task("main", 0, 9), builder.task("job", 0, 5, outcome=Outcome.RAISED, error="ValueError")
    for task in (main, job):
        builder.step(task, 0, 0)
    builder.step(job, 5, 5, wait=sleep)
    builder.cancel(5, main, job)
    builder.step(main, 5, 5, wait=sleep)
    builder.step(main, 9, 9, wait=sleep)
    found = [event for event in events(builder.build()) if event.t_ns == ns(5)]
    assert told(found) == [("job", "waited"), ("job", "ended"), ("main", "cancel_requested"), ("main", "waited")]


def test_lines_know_their_step() -> None:
    """Of two steps of a task at one instant, with another task's between them, a line belongs to its own one."""
    builder = TraceBuilder()
    parent, child = builder.task("parent", 0, 5), builder.task("child", 0, 5, outcome=Outcome.CANCELLED)
    wait = builder.wait(Wait.TASK)
    builder.step(parent, 0, 0)
    builder.step(child, 0, 0)
    builder.step(parent, 5, 5, wait=wait)
    builder.step(child, 5, 5, wait=builder.wait(Wait.SLEEP))
    builder.step(parent, 5, 5, wait=wait)
    builder.line(5, "asking", parent, steps=2)
    builder.line(5, "timed out", parent, steps=4)
    builder.line(5, "from a callback", child, steps=5)
    found = [event for event in events(builder.build()) if event.t_ns == ns(5) and event.kind is not Kind.WAITED]
    assert [event.about.get("text", event.name) for event in found] == [
        "asking",
        "child",
        "timed out",
        "parent",
        "from a callback",
    ]


def test_a_line_at_the_end_of_a_long_step_comes_before_its_tasks_end() -> None:
    """In virtual time a step that sleeps synchronously ends later than it began, at the instant of what it printed."""
    builder = TraceBuilder(clock="virtual")
    job = builder.task("job", 0, 5)
    builder.step(job, 0, 5)
    builder.line(0, "begins", job, steps=0)
    builder.line(5, "ends", job, steps=0)
    kinds = [(event.t_ns, event.kind.name) for event in events(builder.build())]
    assert kinds == [(0, "CREATED"), (0, "STARTED"), (0, "PRINTED"), (ns(5), "PRINTED"), (ns(5), "ENDED")]


def test_who_cancelled_may_be_no_task() -> None:
    """A cancellation from outside any task names the actor."""
    builder = TraceBuilder()
    task = builder.task("worker", 0, 1, outcome=Outcome.CANCELLED, cancelled_by=Actor.SIGNAL)
    builder.step(task, 0, 1)
    assert list(events(builder.build()))[-1].about["cancelled_by"] == "signal"
