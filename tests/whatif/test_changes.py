"""How changes are written, and what is said where one cannot be simulated."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.trace import NONE, Trace, Wait
from asyncdemo.whatif import parse, predict, prediction
from asyncdemo.whatif.change import Length, Number
from tests.recorder.recordings import record
from tests.traces import TraceBuilder


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("limit=10", Number("limit=10", "limit", "", "", 10)),
        (" limit = 1k ", Number("limit = 1k", "limit", "", "", 1000)),
        ("limit of Semaphore 2=3", Number("limit of Semaphore 2=3", "limit", "Semaphore 2", "", 3)),
        ("limit AT app.py:3=4", Number("limit AT app.py:3=4", "limit", "", "app.py:3", 4)),
        ("workers=5", Number("workers=5", "workers", "", "", 5)),
        ("maxsize=5", Number("maxsize=5", "maxsize", "", "", 5)),
        ("batch=5", Number("batch=5", "batch", "", "", 5)),
        ("no wait AT app.py:63", Length("no wait AT app.py:63", "app.py:63", None, 0.0)),
        ("wait AT a/app.py:63=50ms", Length("wait AT a/app.py:63=50ms", "a/app.py:63", 50_000_000, 0.0)),
        ("wait AT app.py:63=x0.5", Length("wait AT app.py:63=x0.5", "app.py:63", None, 0.5)),
    ],
)
def test_changes_are_read(text: str, change: Number | Length) -> None:
    """A number of something, of which one or where; or the length of the waits at a line."""
    assert parse(text) == (change,)


def test_a_comma_joins_changes() -> None:
    """Several changes of one run stand side by side."""
    assert [change.text for change in parse("batch=5, limit=5,no wait AT app.py:3")] == [
        "batch=5",
        "limit=5",
        "no wait AT app.py:3",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no change that can be simulated"),
        ("faster", "allowed: 'limit=N', 'workers=N'"),
        ("limit", "allowed: 'limit=N'"),
        ("limit=", "allowed: 'limit=N'"),
        ("limit=ten", "'ten' is not a count"),
        ("limit=0", "0 is out of range: 1 to 1,000,000"),
        ("limit=-1", "out of range"),
        ("limit=1000M", "out of range"),
        ("no wait", "allowed: 'limit=N'"),
        ("no wait AT app.py", "allowed: 'limit=N'"),
        ("wait AT app.py:3=soon", "'soon' is not a duration"),
        ("wait AT app.py:3=-1s", "out of range"),
        ("wait AT app.py:3=xx", "is no factor"),
        ("wait AT app.py:3=x-2", "is no factor"),
        ("limit=3,", "is no change that can be simulated"),
    ],
)
def test_bad_changes_are_refused(text: str, said: str) -> None:
    """The message says what was given and what is allowed, in at most four lines."""
    with pytest.raises(AsyncdemoError) as caught:
        parse(text)
    assert said in caught.value.message
    assert caught.value.message.startswith(f"--what-if {text!r}")
    assert len(caught.value.message.splitlines()) <= 4
    assert caught.value.exit_code == USAGE


def two_semaphores() -> Trace:
    """A recording with two semaphores, and two tasks that hold one and then the other."""

    async def hold(first: asyncio.Semaphore, second: asyncio.Semaphore) -> None:
        async with first:
            await asyncio.sleep(0.1)
        async with second:
            await asyncio.sleep(0.3)

    async def main() -> None:
        first, second = asyncio.Semaphore(1), asyncio.Semaphore(1)
        await asyncio.gather(hold(first, second), hold(first, second))

    return record(main, closely=True).trace


def refused(trace: Trace, change: str) -> tuple[str, bool]:
    """Why there is no prediction, and whether that is for the change."""
    (found,) = predict(trace, [change])
    assert found.predicted_ns == NONE
    return found.refused, found.misused


def test_one_of_several_has_to_be_chosen() -> None:
    """What there is, is listed; a name or a place chooses."""
    trace = two_semaphores()
    said, misused = refused(trace, "limit=2")
    places = [trace.site_text(site) for site in trace.resources.site]
    assert said.startswith(f"which one? Semaphore (limit=1, {places[0]}), Semaphore 2 (limit=1, {places[1]}); write")
    assert misused
    changes = ["limit of Semaphore=2", "limit of Semaphore 2=2", f"limit AT {places[1]}=2"]
    changes.append(", ".join(changes[:2]))
    assert [each.predicted_ns // 1_000_000 for each in predict(trace, changes)] == [700, 500, 500, 400]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("limit of Lock=2", "nothing of that kind is called Lock; there is Semaphore (limit=1"),
        ("limit AT app.py:1=2", "nothing of that kind is at app.py:1; there is Semaphore (limit=1"),
        ("workers=2", "the program has no pool of threads or processes and no tasks that share a queue"),
        ("maxsize=2", "the program has no queue that like tasks take from"),
        ("batch=2", "the program has no loop that makes tasks and awaits some at a time"),
        ("no wait AT app.py:1", "nothing waited at app.py:1; the longest waits were at test_changes.py:"),
    ],
)
def test_what_is_not_there_cannot_be_changed(change: str, said: str) -> None:
    """The message says what there is."""
    found, misused = refused(two_semaphores(), change)
    assert found.startswith(said)
    assert misused


def test_a_wait_that_others_decide_has_no_length_of_its_own() -> None:
    """A wait for tasks can be left out, not be made half as long."""
    trace = two_semaphores()
    place = trace.site_text(trace.waits.site[trace.steps.wait[len(trace.steps) - 1]])
    assert refused(trace, f"wait AT {place}=x0.5") == (
        f"other tasks decide how long the waits there take; `no wait AT {place}` can be simulated",
        True,
    )


def test_the_callers_of_a_wait_count() -> None:
    """A wait is at the line that awaits the function it is in, too."""

    async def fetch() -> None:
        await asyncio.sleep(0.1)

    async def main() -> None:
        await asyncio.sleep(0.2)
        await fetch()  # call

    with open(__file__, encoding="utf-8") as file:
        line = next(number for number, text in enumerate(file, 1) if text.endswith("  # call\n"))
    (found,) = predict(record(main, closely=True).trace, [f"no wait AT test_changes.py:{line}"])
    assert found.predicted_ns == 200_000_000


def test_a_change_that_would_hang_is_told() -> None:
    """With one slot a task that takes two waits for itself."""

    async def main() -> None:
        slots = asyncio.Semaphore(2)
        async with slots:
            await asyncio.sleep(0.1)
            async with slots:
                await asyncio.sleep(0.1)

    trace = record(main, closely=True).trace
    assert refused(trace, "limit=1") == ("so changed, the program would not come to its end in simulation", False)


def test_a_simulation_that_misses_the_recording_is_not_believed() -> None:
    """A task that waits for a slot, of which the recording shows no holder, was decided by what it does not tell."""
    builder = TraceBuilder()
    shared = builder.resource("Semaphore", limit=1, site="app.py:1")
    main = builder.task("main", 0, 100)
    builder.step(main, 0, 0)
    builder.step(main, 50, 50, wait=builder.wait(Wait.SLEEP, site="app.py:2"))
    builder.step(main, 100, 100, wait=builder.wait(Wait.SEMAPHORE, resource=shared, site="app.py:3"))
    builder.hold(shared, main, 50, 100, 100, site="app.py:3")
    said, misused = refused(builder.build(), "limit=2")
    assert said.startswith(
        "with nothing changed the simulation takes 50 ms; something that the recording does not tell"
    )
    assert not misused


@pytest.mark.parametrize(
    ("meta", "lost", "said"),
    [
        ({"goes_on": True}, {}, "the recording is of a part of the run"),
        ({"adopted": 2}, {}, "the recording is of a part of the run"),
        ({}, {"steps": 1200}, "the recording lacks 1,200 steps"),
    ],
)
def test_parts_of_runs_are_not_simulated(meta: dict[str, object], lost: dict[str, int], said: str) -> None:
    """Where not all is recorded nothing is predicted."""
    trace = two_semaphores()
    assert refused(replace(trace, meta={**trace.meta, **meta}, lost=lost), "limit=2") == (said, False)


def test_a_fault_of_the_simulation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends no command."""

    def fail(_: object) -> None:
        raise KeyError("no")

    monkeypatch.setattr(prediction, "Recorded", fail)
    assert refused(two_semaphores(), "limit of Semaphore=2") == ("the simulation failed: KeyError: 'no'", False)


def test_what_was_assumed_is_said() -> None:
    """Jobs, time-outs and what is not waited for any more are taken to stay as they were."""

    async def main() -> None:
        task = asyncio.create_task(asyncio.sleep(0.3))
        await task  # handed on
        try:
            async with asyncio.timeout(0.1):
                await asyncio.sleep(1)
        except TimeoutError:
            pass

    with open(__file__, encoding="utf-8") as file:
        line = next(number for number, text in enumerate(file, 1) if text.endswith("  # handed on\n"))
    (found,) = predict(record(main, closely=True).trace, [f"no wait AT test_changes.py:{line}"])
    assert found.predicted_ns == 300_000_000
    assumed = ("time-outs come when they did", "what is awaited there is not needed before it would have come")
    assert found.assumed == assumed
