"""Recorder: what is saved while a recording goes on is the recording up to then, wherever the file ends."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdemo import journal
from asyncdemo.errors import AsyncdemoError
from asyncdemo.files import write_whole
from asyncdemo.recorder import Recorder, VirtualClock, saving
from asyncdemo.recorder.scope import WHOLE, Scope
from asyncdemo.schema import reference, schema
from asyncdemo.trace import Outcome, Trace
from asyncdemo.tracefile import load
from tests.recorder.test_random_programs import Action, World, actions, main

MOMENTS = (0.5, 1.5, 2.5, 5.5)
"""Virtual seconds at which a random program's recording is saved."""


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is saved but when a test says so."""
    monkeypatch.setattr(saving, "FIRST_S", 3600.0)


def in_words(trace: Trace) -> dict[str, Any]:
    """Everything in a trace, with the texts in place of their numbers, for these depend on when they were met."""
    found: dict[str, Any] = {"meta": dict(trace.meta), "lost": dict(trace.lost), "duration": trace.duration_ns}
    for name, table in trace.tables():
        for column in schema()[name]:
            values = list(getattr(table, column))
            if (name, column) == ("tasks", "name"):
                values = [trace.task_name(task) for task in range(len(values))]
            elif reference(name, column)[0] == "strings":
                values = [trace.text(value) for value in values]
            found[f"{name}.{column}"] = values
    return found


async def busy(world: World) -> None:
    """A bit of everything: locks, queues, prints, failures, cancellations, tasks that go on."""

    async def work(number: int) -> None:
        async with world.semaphore, world.lock:
            await asyncio.sleep(0.1)
            print("worked", number)  # noqa: T201
        if number % 3 == 0:
            raise ValueError(f"no {number}")
        await world.queue.put(number)
        await asyncio.sleep(10 if number % 4 == 0 else 0.1)
        await world.queue.get()

    tasks = [asyncio.create_task(work(number), name=f"n{number}" if number % 2 else None) for number in range(20)]
    await asyncio.sleep(1)
    tasks[8].cancel()
    await asyncio.wait(tasks, timeout=0.5)


def recorded(
    path: Path, program: Callable[[], Any], *, scope: Scope = WHOLE, moments: tuple[float, ...] = MOMENTS
) -> tuple[Trace, list[Path]]:
    """Records a program in virtual time; the trace, and copies of what was saved at these moments and at last."""
    clock, copies = VirtualClock(), list[Path]()
    recorder = Recorder(clock=clock, saved_to=path, scope=scope)

    def save() -> None:
        recorder.saver.save()
        assert recorder.saver.fault is None
        copies.append(path.with_name(f"copy {len(copies)}"))
        copies[-1].write_bytes(path.read_bytes())

    async def with_saves() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        for moment in moments:
            loop.call_later(moment, save)
        await program()

    with clock.installed(), recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(with_saves())
    assert recorder.fault is None
    assert recorder.saver.fault is None
    if recorder.saver.path is not None:
        copies.append(path)
    return recorder.stop(), copies


def saved(folder: Path) -> tuple[Trace, list[Path]]:
    """A recording of `busy`, and what was saved of it."""
    return recorded(folder / "busy.trace", lambda: busy(World()), moments=(0.35, 0.8, 1.2))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(body=actions())
def test_what_was_saved_is_the_recording(tmp_path_factory: pytest.TempPathFactory, body: list[Action]) -> None:
    """Told bit by bit or at once, at the end it is the same in every column of every table."""
    folder = tmp_path_factory.mktemp("saved")
    trace, copies = recorded(folder / "random.trace", lambda: main(body))
    for copy in copies[:-1]:
        part = load(copy)
        assert part.duration_ns <= trace.duration_ns
        assert part.meta["cut_off"]
        assert part.meta["goes_on"]
    if copies:
        assert in_words(load(copies[-1])) == in_words(trace)


def test_everything_is_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines, holds, levels, failures and what pending tasks wait for are there; what was open ends at the cut."""
    trace, copies = saved(tmp_path)
    assert in_words(load(copies[-1])) == in_words(trace)
    part = load(copies[1])
    end = part.duration_ns
    assert end == 800_000_000
    assert set(part.tasks.outcome) == {Outcome.PENDING, Outcome.RETURNED, Outcome.RAISED}
    assert [part.text(text) for text in part.lines.text] == capsys.readouterr().out.splitlines()[: len(part.lines)]
    assert len(part.lines) > 1
    assert end in part.holds.to_ns
    assert len(part.levels) > 1
    assert all(
        part.tasks.ended_ns[task] == end and part.tasks.waiting[task] >= 0
        for task, outcome in enumerate(part.tasks.outcome)
        if outcome == Outcome.PENDING
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[tuple[int, Any]]]:
    """The bytes of a file of parts, and where each part ends that is whole, with the recording up to there in words."""
    folder = tmp_path_factory.mktemp("file")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saving, "FIRST_S", 3600.0)
        _, copies = saved(folder)
    return copies[-1].read_bytes(), [(copy.stat().st_size, in_words(load(copy))) for copy in copies]


def loaded(path: Path, data: bytes) -> Any:
    """What loading a file of these bytes comes to: the recording in words, or the error."""
    path.write_bytes(data)
    try:
        return in_words(load(path))
    except AsyncdemoError as error:
        found = error
    assert len(found.message.splitlines()) <= 4
    assert str(path) in found.message
    return found


def boundaries(data: bytes) -> list[int]:
    """Where the pieces of a file end."""
    rest, ends = memoryview(data)[len(journal.MAGIC) :], [len(journal.MAGIC)]
    while rest:
        said, body, _ = journal.PREFIX.unpack_from(rest)
        ends.append(ends[-1] + journal.PREFIX.size + said + body)
        rest = rest[journal.PREFIX.size + said + body :]
    return ends


def check_cut(path: Path, file: tuple[bytes, list[tuple[int, Any]]], cut: int) -> None:
    """Cut there, the file is the recording as it was when something was whole for the last time before."""
    data, parts = file
    whole = [words for size, words in parts if size <= cut]
    found = loaded(path, data[:cut])
    if whole:
        assert found == whole[-1]
    else:
        assert isinstance(found, AsyncdemoError)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_may_end_anywhere(
    tmp_path: Path, file: tuple[bytes, list[tuple[int, Any]]], data: st.DataObject
) -> None:
    """Cut at any byte it is what was whole before, or the one error when nothing was."""
    check_cut(tmp_path / "cut", file, data.draw(st.integers(0, len(file[0]))))


def test_a_file_may_end_between_its_pieces(tmp_path: Path, file: tuple[bytes, list[tuple[int, Any]]]) -> None:
    """So it may before, at and after the end of each piece."""
    for end in boundaries(file[0]):
        for cut in (end - 1, end, end + 1):
            check_cut(tmp_path / "cut", file, cut)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_follows_a_changed_byte_counts_for_nothing(
    tmp_path: Path, file: tuple[bytes, list[tuple[int, Any]]], data: st.DataObject
) -> None:
    """As after a loss of power: it is what was whole before that byte, or an error."""
    place = data.draw(st.integers(0, len(file[0]) - 1))
    changed = bytearray(file[0])
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    found = loaded(tmp_path / "changed", bytes(changed))
    whole = [words for size, words in file[1] if size <= place]
    assert found == whole[-1] if whole else isinstance(found, AsyncdemoError)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pieces_that_nobody_saved_are_a_trace_or_an_error(
    tmp_path: Path, file: tuple[bytes, list[tuple[int, Any]]], data: st.DataObject
) -> None:
    """Whatever the pieces say, with their checksums right, is never a traceback."""
    pieces = list(journal.committed(memoryview(file[0])[len(journal.MAGIC) :]))
    place = data.draw(st.integers(0, len(pieces) - 1))
    about, body = pieces[place]
    values = st.one_of(
        st.none(), st.integers(-(2**40), 2**40), st.text(max_size=3), st.lists(st.integers(), max_size=3)
    )
    if data.draw(st.booleans()):
        inner = about["commit"] if "commit" in about and data.draw(st.booleans()) else about
        inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(values)
    else:
        body = memoryview(data.draw(st.binary(max_size=80)))
    pieces[place] = (about, body)
    parts = [part for piece in pieces for part in journal.written(*piece)]
    loaded(tmp_path / "made up", b"".join([journal.MAGIC, *parts]))


def test_parts_of_another_format_are_told(tmp_path: Path) -> None:
    """A newer format, and one of a machine with its bytes the other way round, are refused with what to do."""
    for about in ({"version": 9, "byteorder": "little"}, {"version": 1, "byteorder": "middle"}):
        parts = [*journal.written(about), *journal.written({"commit": {}})]
        found = loaded(tmp_path / "other", b"".join([journal.MAGIC, *parts]))
        assert isinstance(found, AsyncdemoError)
        assert "record anew" in found.message


@pytest.mark.parametrize("place", [0, 1, 5])
def test_a_full_disk_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """What could not be written is taken back, so that the file stays whole, and written the next time."""
    written, counted = journal.written, [-1]

    def full(about: Any, body: Any = b"") -> Any:
        counted[0] += counted[0] >= 0
        if counted[0] == place + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written(about, body)

    monkeypatch.setattr(journal, "written", full)
    clock, path = VirtualClock(), tmp_path / "full.trace"
    recorder = Recorder(clock=clock, saved_to=path)
    sizes = []

    def save() -> None:
        recorder.saver.save()
        sizes.append((path.stat().st_size, recorder.saver.fault))

    async def program() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        for moment in (0.15, 0.6, 0.9):
            loop.call_later(moment, save)
        loop.call_later(0.5, counted.__setitem__, 0, 0)
        await busy(World())

    with clock.installed(), recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(program())
    (first, fine), (second, fault), (third, again) = sizes
    assert (fine, again) == (None, None)
    assert fault == "the recording could not be saved while the program ran: No space left on device."
    assert first == second < third
    assert in_words(load(path)) == in_words(recorder.stop())


def test_a_file_that_somebody_changed_is_left_alone(tmp_path: Path) -> None:
    """What is no longer as it was written is not written to: it may be somebody else's."""
    path = tmp_path / "mine.trace"
    recorder = Recorder(saved_to=path)

    async def program() -> None:
        recorder.saver.save()
        path.write_bytes(b"theirs")
        recorder.saver.save()

    with recorder:
        asyncio.run(program())
    assert path.read_bytes() == b"theirs"
    assert recorder.saver.fault is not None
    assert "changed by somebody else" in recorder.saver.fault


def test_an_older_file_stays_until_all_is_over(tmp_path: Path) -> None:
    """Then what is saved meanwhile lies beside it."""
    path = tmp_path / "app.trace"
    write_whole(path, [b"older"])
    recorder = Recorder(saved_to=path)

    async def program() -> None:
        recorder.saver.save()

    with recorder:
        asyncio.run(program())
    assert recorder.saver.path == str(path) + ".partial"
    assert path.read_bytes() == b"older"
    assert len(load(recorder.saver.path).tasks) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_forked_child_leaves_its_parents_file_alone(tmp_path: Path) -> None:
    """It may end the recording that it has in memory: what the parent saves is the parent's."""
    path = tmp_path / "app.trace"
    recorder = Recorder(saved_to=path)

    async def program() -> None:
        recorder.saver.save()
        before = path.read_bytes()
        child = os.fork()
        if not child:
            recorder.stop()
            os._exit(int(recorder.saver.path is not None))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0  # noqa: ASYNC222
        assert path.read_bytes() == before

    with recorder:
        asyncio.run(program())
    assert "cut_off" not in load(path).meta


def test_a_program_that_is_over_at_once_leaves_nothing(tmp_path: Path) -> None:
    """What nobody had a chance to lose is saved at its end alone."""
    recorder = Recorder(saved_to=tmp_path / "app.trace")
    with recorder:
        asyncio.run(asyncio.sleep(0))
    assert recorder.saver.path is None
    assert list(tmp_path.iterdir()) == []


def test_bounded_recordings_are_saved_whole(tmp_path: Path) -> None:
    """With `--max-steps` what is saved is the newest steps and what belongs to them, as at the end."""

    async def crowd() -> None:
        for _ in range(40):
            await asyncio.gather(*(step() for _ in range(400)))

    async def step() -> None:
        await asyncio.sleep(0.1)
        print("stepped")  # noqa: T201

    scope = Scope(max_steps=5000)
    trace, copies = recorded(tmp_path / "bounded.trace", crowd, scope=scope, moments=(0.55, 1.25, 2.55, 3.75))
    assert in_words(load(copies[-1])) == in_words(trace)
    assert len(trace.steps) == 5000
    for copy in copies[2:]:
        part = load(copy)
        assert len(part.steps) == 5000
        assert part.lost["steps"] > 0
        assert {part.text(text) for text in part.lines.text} == {"stepped"}
        assert copy.stat().st_size < 2 * copies[2].stat().st_size


def test_many_loops_and_steps_are_saved(tmp_path: Path) -> None:
    """Several chunks of steps of several loops, told in between, come back in order."""
    path = tmp_path / "loops.trace"
    recorder = Recorder(saved_to=path)

    async def spin() -> None:
        for number in range(6000):
            await asyncio.sleep(0)
            if number % 1500 == 700:
                recorder.saver.save()

    with recorder:
        for _ in range(2):
            asyncio.run(spin())
    trace, part = recorder.stop(), load(path)
    assert len(part.loops) == 2
    assert (list(part.steps.start_ns), list(part.steps.task)) == (list(trace.steps.start_ns), list(trace.steps.task))
    assert list(part.tasks.steps) == list(trace.tasks.steps)
    assert part.lost == {}
