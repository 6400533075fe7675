"""Recorder: runs of trio are seen as asyncio's are: tasks, steps, waits, cancellations and outcomes."""

# ruff: noqa: D103 - the names of the programs say what they do

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from asyncdemo.errors import AsyncdemoError
from asyncdemo.recorder import Recorder, VirtualClock
from asyncdemo.recorder.awaits import WaitBook
from asyncdemo.recorder.coroutines import CoroutineBook
from asyncdemo.recorder.tables import StepRows
from asyncdemo.recorder.trio_frames import TrioFrames
from asyncdemo.recorder.trio_runs import TrioRun
from asyncdemo.trace import Actor, Outcome, Trace, Wait
from tests.recorder.recordings import TICK, Recording, record_call
from tests.recorder.test_random_programs import check_lives, check_steps, check_tasks

trio = pytest.importorskip("trio")
pytest.importorskip("trio.testing")

Body = Callable[[], Awaitable[Any]]
ROOT = Path(__file__).parents[2]


def record(main: Body) -> Recording:
    """Runs `main` on trio and gives its recording."""
    return record_call(lambda: trio.run(main))


@contextmanager
def failing(*kinds: type[Exception]) -> Iterator[None]:
    """The block fails with a group of these, and of nothing else."""
    with pytest.raises(BaseExceptionGroup) as caught:
        yield
    assert caught.value.split(kinds)[1] is None


async def job() -> str:
    await trio.sleep(TICK)
    return "done"


async def all_blocked() -> None:
    """Waits until all other tasks have been waiting for longer than what is too brief to be looked at."""
    await trio.testing.wait_all_tasks_blocked(TICK)


# Tasks


def test_a_task_is_seen_with_its_nurserys_owner() -> None:
    """It has its name, the task of its nursery, the line that started it, its coroutine and its outcome."""

    async def main() -> str:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(job, name="child")  # started here
        return "result"

    def program() -> Any:
        return trio.run(main)  # run here

    recording = record_call(program)
    name = recording.names[0]

    assert recording.result == "result"
    assert recording.names == [name, "child"]
    assert name.endswith("<locals>.main")
    assert (recording.parent(name), recording.parent("child")) == ("", name)
    assert recording.created_at(name).endswith("# run here")
    assert recording.created_at("child").endswith("# started here")
    assert recording.trace.text(recording.task("child", "coro")) == "job"
    assert recording.source(recording.task("child", "defined")) == "async def job() -> str:"
    assert {recording.outcome(each) for each in recording.names} == {Outcome.RETURNED}
    assert recording.task(name, "created_ns") == 0
    assert recording.trace.text(recording.trace.loops.kind[0]) == "trio._core._run.Runner"


def test_the_nursery_counts_and_not_who_starts() -> None:
    """A task that another one starts in a nursery belongs to the task whose nursery it is."""

    async def starts(nursery: Any) -> None:
        nursery.start_soon(job, name="third")

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(starts, nursery, name="second")

    recording = record(main)

    assert recording.parent("third") == recording.names[0]
    assert recording.actor(recording.trace.steps.waker[recording.steps("third")[0]]) == "second"


def test_nursery_start_is_seen() -> None:
    """`nursery.start` makes a task as well, and its caller waits until that says that it has started."""

    async def service(task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        await trio.sleep(TICK)
        task_status.started()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(service)  # waits here

    recording = record(main)
    main_name, service_name = recording.names

    assert recording.parent(service_name) == main_name
    (wait, *_) = recording.waits(main_name)
    assert (wait.kind, wait.source.endswith("# waits here")) == (Wait.TASK, True)


def test_tasks_without_a_name_are_called_after_their_function() -> None:
    """The module, which trio puts before it, is left out."""

    class Worker:
        async def work(self) -> None:
            await trio.sleep(0)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Worker().work)
            nursery.start_soon(trio.sleep, 0)

    assert [name.rpartition("<locals>.")[2] for name in record(main).names] == ["main", "Worker.work", "sleep"]


# Outcomes


def test_outcomes() -> None:
    """A task returns, raises or is cancelled, also where a nursery makes groups of its cancellations."""

    async def fails() -> None:
        await trio.sleep(TICK)
        raise ValueError("no luck\nat all")

    async def nested() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever, name="grandchild")
            await trio.sleep_forever()

    async def main() -> None:
        with failing(ValueError):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(nested, name="nested")
                await all_blocked()
                nursery.start_soon(fails, name="fails")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(job, name="returns")

    recording = record(main)

    outcomes = {name: recording.outcome(name).name for name in recording.names[1:]}
    assert outcomes == {"nested": "CANCELLED", "grandchild": "CANCELLED", "fails": "RAISED", "returns": "RETURNED"}
    assert recording.trace.text(recording.task("fails", "error")) == "ValueError: no luck"
    assert recording.cancelled("grandchild") == ("fails", "")
    assert recording.outcome(recording.names[0]) == Outcome.RETURNED


def test_who_cancels_and_where() -> None:
    """`cancel()` is told with its task and its line, a deadline is a timer's, and the end of a sleep is neither."""

    async def late() -> None:
        with trio.move_on_after(TICK):
            await trio.sleep_forever()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(late, name="late")
            nursery.start_soon(job, name="asleep")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever, name="cancelled")
            await all_blocked()
            nursery.cancel_scope.cancel()  # asks here

    recording = record(main)
    cancels = recording.trace.cancels
    asked = {recording.names[task]: recording.actor(by) for task, by in zip(cancels.task, cancels.by, strict=True)}

    assert asked == {"cancelled": recording.names[0], "late": "timer"}
    assert recording.cancelled("cancelled") == (recording.names[0], "nursery.cancel_scope.cancel()  # asks here")
    assert recording.outcome("late") == Outcome.RETURNED


# Waits


async def sleep() -> None:
    await trio.sleep(TICK)  # waits here


async def lock() -> None:
    held = trio.Lock()
    async with trio.open_nursery() as nursery:
        await held.acquire()
        nursery.start_soon(child_of, held.acquire)
        await all_blocked()
        held.release()


async def semaphore() -> None:
    slots = trio.Semaphore(0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child_of, slots.acquire)
        await all_blocked()
        slots.release()


async def limiter() -> None:
    tokens = trio.CapacityLimiter(1)
    async with trio.open_nursery() as nursery:
        await tokens.acquire()
        nursery.start_soon(child_of, tokens.acquire)
        await all_blocked()
        tokens.release()


async def event() -> None:
    happened = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child_of, happened.wait)
        await all_blocked()
        happened.set()


async def condition() -> None:
    changed = trio.Condition()

    async def wait() -> None:
        async with changed:
            await changed.wait()  # waits here

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait, name="waiter")
        await all_blocked()
        async with changed:
            changed.notify()


async def receive() -> None:
    send, receive = trio.open_memory_channel[int](0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child_of, receive.receive)
        await all_blocked()
        await send.send(1)


async def send() -> None:
    send, receive = trio.open_memory_channel[int](0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child_of, lambda: send.send(1))
        await all_blocked()
        await receive.receive()


async def socket() -> None:
    left, right = trio.socket.socketpair()
    with left, right:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child_of, lambda: left.recv(1))
            await all_blocked()
            await right.send(b"x")


async def thread() -> None:
    await trio.to_thread.run_sync(time.sleep, TICK)  # waits here


async def process() -> None:
    await trio.run_process([sys.executable, "-c", f"import time; time.sleep({TICK})"])  # waits here


async def children() -> None:
    async with trio.open_nursery() as nursery:  # waits here
        nursery.start_soon(job)


async def parking() -> None:
    parked = trio.lowlevel.ParkingLot()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child_of, parked.park)
        await all_blocked()
        parked.unpark()


async def by_hand() -> None:
    task = trio.lowlevel.current_task()

    def wake() -> None:
        trio.lowlevel.reschedule(task)

    token = trio.lowlevel.current_trio_token()
    timer = threading.Timer(TICK, lambda: token.run_sync_soon(wake))
    timer.start()
    await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.FAILED)  # waits here
    timer.join()


async def child_of(wait: Body) -> None:
    trio.lowlevel.current_task().name = "waiter"
    await wait()  # waits here


WAITS = {
    "sleep": (sleep, Wait.SLEEP, "sleep", "timer"),
    "Lock": (lock, Wait.LOCK, "Lock", "main"),
    "Semaphore": (semaphore, Wait.SEMAPHORE, "Semaphore", "main"),
    "CapacityLimiter": (limiter, Wait.SEMAPHORE, "CapacityLimiter", "main"),
    "Event": (event, Wait.EVENT, "Event", "main"),
    "Condition": (condition, Wait.CONDITION, "Condition", "main"),
    "receive from a memory channel": (receive, Wait.QUEUE_GET, "channel.receive", "main"),
    "send to a memory channel": (send, Wait.QUEUE_PUT, "channel.send", "main"),
    "socket": (socket, Wait.NETWORK, "socket", "network"),
    "thread": (thread, Wait.THREAD, "thread", "thread"),
    "children of a nursery": (children, Wait.TASK, "tasks", "job"),
    "ParkingLot": (parking, Wait.FUTURE, "parking lot", "main"),
    "wait_task_rescheduled": (by_hand, Wait.FUTURE, "wake-up", "thread"),
}


@pytest.mark.parametrize(("body", "kind", "on", "waker"), WAITS.values(), ids=WAITS)
def test_a_wait_has_its_kind_its_line_and_its_waker(body: Body, kind: Wait, on: str, waker: str) -> None:
    """What a task waited for is told with the program's line that awaits it, and with who ended the wait."""

    async def main() -> None:
        trio.lowlevel.current_task().name = "main"
        await body()

    recording = record(main)
    name = "waiter" if "waiter" in recording.names else "main"
    found = [wait for wait in recording.waits(name) if wait.kind not in {Wait.YIELD, Wait.BRIEF}]

    assert [(wait.kind, wait.on, wait.waker) for wait in found] == [(kind, on, waker)]
    assert found[0].source.endswith("# waits here")


def test_the_end_of_a_process() -> None:
    """Running a process waits for its end, and not for what trio looks at to see that."""
    name, *_ = (recording := record(process)).names
    assert (Wait.SUBPROCESS, "process exit") in {(wait.kind, wait.on) for wait in recording.waits(name)}


def test_a_checkpoint_is_a_yield() -> None:
    """`sleep(0)`, a checkpoint and a lock that is free let others run, and that is all."""

    async def main() -> None:
        await trio.sleep(0)
        await trio.lowlevel.checkpoint()
        await trio.Lock().acquire()

    recording = record(main)

    assert [wait.kind for wait in recording.waits(recording.names[0])] == [Wait.YIELD] * 3


def test_a_task_is_ready_when_its_sleep_should_have_ended() -> None:
    """While another task blocks the loop a sleep ends nonetheless: from then on the task is ready, and not asleep."""

    async def blocks() -> None:
        await trio.sleep(0)
        time.sleep(0.5)  # noqa: ASYNC251 - blocks here

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 0.3, name="sleeper")
            nursery.start_soon(blocks, name="blocks")

    recording = record(main)
    steps, stalls = recording.trace.steps, recording.trace.stalls
    last = recording.steps("sleeper")[-1]

    assert steps.start_ns[last] - steps.ready_ns[last] > 0.1e9
    assert "blocks" in [recording.names[task] for task in stalls.task]
    assert any(recording.source(site).endswith("# noqa: ASYNC251 - blocks here") for site in stalls.site)


# The whole


async def everything() -> list[Any]:
    """Tasks that wait for this and that, fail, and are cancelled."""
    results: list[Any] = []
    async with trio.open_nursery() as nursery:
        send, receive = trio.open_memory_channel[int](1)
        nursery.start_soon(produce, send)
        nursery.start_soon(consume, receive, results)
    with failing(ValueError):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(refuse, TICK)
            nursery.start_soon(trio.sleep, math.inf)
    results.append(await trio.to_thread.run_sync(len, "four"))
    with trio.move_on_after(TICK) as scope:
        await trio.Event().wait()
    return [*results, scope.cancelled_caught]


async def produce(send: Any) -> None:
    async with send:
        for number in range(3):
            await send.send(number)
            print(f"sent {number}")  # noqa: T201


async def consume(receive: Any, results: list[int]) -> None:
    async for number in receive:
        results.append(number)
        await trio.sleep(0)


async def refuse(after: float) -> None:
    await trio.sleep(after)
    raise ValueError("no luck")


EXPECTED = [0, 1, 2, 4, True]


def test_steps_and_waits_tile_every_life() -> None:
    """What holds of every trace holds of trio's: one task runs at a time, and lives have no gaps."""
    recording = record(everything)

    assert recording.result == EXPECTED
    for check in (check_tasks, check_steps, check_lives):
        check(recording.trace)
    assert {line[:2] for line in recording.lines()} == {("produce", f"sent {number}") for number in range(3)}


def test_runs_one_after_the_other_and_in_threads() -> None:
    """Each run is a loop of its own, with its thread."""

    def program() -> None:
        trio.run(job)
        thread = threading.Thread(target=trio.run, args=(everything,), name="another")
        thread.start()
        trio.run(everything)
        thread.join()

    recording = record_call(program)
    trace = recording.trace

    assert sorted(trace.text(thread) for thread in trace.loops.thread) == ["MainThread", "MainThread", "another"]
    assert recording.names.count("everything") == 2
    assert sorted(set(trace.tasks.loop)) == [0, 1, 2]
    check_lives(trace)
    assert {who for who, *_ in recording.lines()} == {"produce"}


def test_trio_as_a_guest_of_asyncio() -> None:
    """A run on top of asyncio's loop is seen beside that loop's own tasks, and lines have the task that prints them."""

    async def host() -> list[int]:
        loop = asyncio.get_running_loop()
        over: asyncio.Future[Any] = loop.create_future()
        trio.lowlevel.start_guest_run(
            everything, run_sync_soon_threadsafe=loop.call_soon_threadsafe, done_callback=over.set_result
        )
        print("started")  # noqa: T201
        result: list[int] = (await over).unwrap()
        return result

    recording = record_call(lambda: asyncio.run(host()))

    assert recording.result == EXPECTED
    assert len(recording.trace.loops) == 2
    assert recording.outcome("everything") == Outcome.RETURNED
    lines = recording.lines()
    assert {who for who, text, _ in lines if text.startswith("sent")} == {"produce"}
    assert [who for who, text, _ in lines if text == "started"] == [recording.names[0]]


def test_a_recording_that_ends_before_the_run() -> None:
    """What is still running is there as pending, with what it waits for; the run goes on undisturbed."""
    recorder = Recorder()
    traces: list[Trace] = []

    async def main() -> str:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever, name="child")
            await all_blocked()
            traces.append(recorder.stop())
            nursery.cancel_scope.cancel()
        return "went on"

    with recorder:
        result = trio.run(main)
    recording = Recording(traces[0], result)

    assert recorder.fault is None
    assert recording.result == "went on"
    assert recording.outcome("child") == Outcome.PENDING
    assert recording.waits_for("child") == "sleep"


def test_a_snapshot_from_another_thread() -> None:
    """It says what suspended tasks wait for, while the run goes on."""
    recorder, asked, answered = Recorder(), threading.Event(), threading.Event()
    snapshots: list[Trace] = []

    def look() -> None:
        asked.wait(10)
        snapshots.extend(recorder.snapshot()[0] for _ in range(2))
        answered.set()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.Event().wait, name="waits")
            await all_blocked()
            asked.set()
            await trio.to_thread.run_sync(answered.wait, 10)
            nursery.cancel_scope.cancel()

    looker = threading.Thread(target=look)
    looker.start()
    with recorder:
        trio.run(main)
    looker.join()

    assert recorder.fault is None
    assert [Recording(each).waits_for("waits") for each in snapshots] == ["Event", "Event"]


# Recording changes nothing


def tracebacks(group: BaseException) -> str:
    return "".join(traceback.format_exception(group))


def test_errors_are_the_same() -> None:
    """Not one frame of the recorder's stands in the traceback of what a run raises, or of a cancellation."""

    async def main() -> str:
        texts = []
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(refuse, 0)
                await trio.sleep_forever()
        except* ValueError as group:
            texts.append(tracebacks(group))
        with pytest.raises(trio.TooSlowError) as slow, trio.fail_after(0):
            await trio.sleep_forever()
        texts.append(tracebacks(slow.value))
        return "\n".join(texts)

    def fails() -> str:
        with pytest.raises(ValueError, match="no luck") as caught:
            trio.run(refuse, 0)
        return tracebacks(caught.value)

    assert record(main).result == trio.run(main)
    assert record_call(fails).result == fails()


def test_the_programs_own_instruments_are_told_the_same() -> None:
    """An instrument of the program's hears of its own tasks, in the same order."""

    class Ends:
        def __init__(self) -> None:
            self.told: list[str] = []

        def task_exited(self, task: Any) -> None:
            self.told.append(str(task.name).rpartition(".")[2])

    async def one_by_one() -> None:
        for name in ("first", "second"):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(job, name=name)

    def program() -> list[str]:
        ends = Ends()
        trio.run(one_by_one, instruments=[ends])
        return ends.told

    assert record_call(program).result == program()


def test_nothing_is_left_behind() -> None:
    """After the recording trio's runner has its own functions again, and no run is watched."""
    runner = sys.modules["trio._core._run"]
    before = runner.setup_runner, runner.Runner.task_exited
    record(job)

    assert (runner.setup_runner, runner.Runner.task_exited) == before
    assert trio.run(job) == "done"


def test_trio_is_not_imported_for_nothing() -> None:
    """A program that does not import trio runs without it, recorded or not; one that does while recorded is seen."""
    program = """
import asyncio, sys
from asyncdemo.recorder import Recorder
with Recorder() as recorder:
    asyncio.run(asyncio.sleep(0))
    print("trio" in sys.modules)
    import trio
    trio.run(trio.sleep, 0)
print(len(recorder.stop().loops), recorder.fault)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert done.stdout.split() == ["False", "2", "None"]


PARTS: dict[str, tuple[Any, str]] = {
    "beginning a run": (TrioRun, "__init__"),
    "looking at a coroutine": (CoroutineBook, "of"),
    "finding the caller": (TrioFrames, "calling"),
    "reading what a task waits for": (TrioFrames, "wait"),
    "noting what it waited for": (WaitBook, "row"),
    "noting a woken task": (TrioRun, "_woken"),
    "noting a step": (StepRows, "append"),
    "noting a task's end": (TrioRun, "_ended"),
}


@pytest.mark.parametrize(("owner", "name"), PARTS.values(), ids=PARTS)
def test_a_fault_does_not_reach_the_program(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The program runs to its end as if unrecorded, and trio, which logs faults of instruments, hears of none."""
    recorder = Recorder()

    def raising(*_args: Any, **_options: Any) -> Any:
        raise KeyError("a fault of the recorder's")

    with recorder:
        monkeypatch.setattr(owner, name, raising)
        result = trio.run(everything)
        monkeypatch.undo()

    assert result == EXPECTED
    assert recorder.fault == 'recording stopped: KeyError: "a fault of the recorder\'s"'
    assert capfd.readouterr() == ("sent 0\nsent 1\nsent 2\n", "")


def test_virtual_time_is_refused() -> None:
    """A run in virtual time is a usage error, for trio has a clock of its own."""
    clock = VirtualClock()
    with (
        clock.installed(),
        Recorder(clock=clock),
        pytest.raises(AsyncdemoError, match="a clock of its own") as told,
    ):
        trio.run(job)
    assert told.value.exit_code == 2
    assert clock.error is told.value


def test_trios_own_virtual_time_is_recorded_in_real_time() -> None:
    """Under trio's `MockClock` a sleep takes no time, and the trace says so."""
    recording = record_call(lambda: trio.run(trio.sleep, 1000, clock=trio.testing.MockClock(autojump_threshold=0)))

    assert recording.outcome("sleep") == Outcome.RETURNED
    assert recording.trace.duration_ns < 100e9
    assert recording.trace.steps.waker[recording.steps("sleep")[-1]] == Actor.TIMER
