"""The clocks: virtual time is exact, ordered and never waits; real time is left alone."""

from __future__ import annotations

import asyncio
import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdemo.errors import AsyncdemoError
from asyncdemo.recorder.clock import REFUSED, RealClock, VirtualClock, VirtualLoop

PATCHED = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep")
HOUR = 3600
SECOND_NS = 1_000_000_000


def run(main: Coroutine[Any, Any, Any], clock: VirtualClock | None = None, **options: Any) -> Any:
    """Run `main` in virtual time, with the `time` module redirected."""
    clock = clock or VirtualClock()
    with clock.installed(), asyncio.Runner(loop_factory=clock.new_event_loop, **options) as runner:
        return runner.run(main)


def now() -> float:
    """Virtual seconds, as the running loop tells them."""
    return asyncio.get_running_loop().time()


async def for_ever() -> None:
    """Wait for what nobody will ever set."""
    await asyncio.get_running_loop().create_future()


async def sleeps() -> list[float]:
    """Long, short, empty and tiny waits."""
    times = [now()]
    for delay in (0.1, 0.2, 0.0, 1, 1e-9, 0.3):
        await asyncio.sleep(delay)
        times.append(now())
    return times


async def wait_for() -> list[float]:
    """One that times out, one that does not."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(for_ever(), 0.7)
    return [now(), await asyncio.wait_for(asyncio.sleep(0.1, 5), 0.2), now()]


async def timeout() -> list[float]:
    """A block that takes too long."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.25):
            await for_ever()
    return [now()]


async def gather() -> list[float]:
    """Three waits at once."""
    return [*await asyncio.gather(*(asyncio.sleep(delay, delay) for delay in (0.3, 0.1, 0.2))), now()]


async def task_group() -> list[float]:
    """Three waits as tasks."""
    times = []

    async def job(delay: float) -> None:
        await asyncio.sleep(delay)
        times.append(now())

    async with asyncio.TaskGroup() as group:
        for delay in (0.3, 0.1, 0.2):
            group.create_task(job(delay))
    return [*times, now()]


async def queue() -> list[float]:
    """A producer that has to wait for its consumer."""
    times = []
    items: asyncio.Queue[int] = asyncio.Queue(maxsize=1)

    async def produce() -> None:
        for item in range(3):
            await items.put(item)

    producer = asyncio.create_task(produce())
    for _ in range(3):
        await asyncio.sleep(0.5)
        await items.get()
        times.append(now())
    await producer
    return times


async def blocking() -> list[float]:
    """A blocking call while a timer falls due."""
    asyncio.get_running_loop().call_later(0.5, lambda: late.append(now()))
    late: list[float] = []
    time.sleep(2)  # noqa: ASYNC251
    at = now()
    await asyncio.sleep(0.1)
    return [at, *late, now()]


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        pytest.param(sleeps, [0, 0.1, 0.3, 0.3, 1.3, 1.300000001, 1.600000001], id="sleep after sleep"),
        pytest.param(wait_for, [0.7, 5, 0.8], id="wait_for"),
        pytest.param(timeout, [0.25], id="timeout"),
        pytest.param(gather, [0.3, 0.1, 0.2, 0.3], id="gather"),
        pytest.param(task_group, [0.1, 0.2, 0.3, 0.3], id="task group"),
        pytest.param(queue, [0.5, 1.0, 1.5], id="queue"),
        pytest.param(blocking, [2, 2, 2.1], id="a blocking sleep stalls the loop exactly"),
    ],
)
@pytest.mark.parametrize("debug", [pytest.param(False, id="plain"), pytest.param(True, id="debug mode")])
def test_virtual_times_are_exact(
    main: Callable[[], Coroutine[Any, Any, list[float]]],
    expected: list[float],
    *,
    debug: bool,
) -> None:
    """Whatever a program waits with, it goes on at exactly the time that it asked for."""
    assert run(main(), debug=debug) == expected


def test_an_hour_of_sleep_is_one_jump() -> None:
    """However long the wait, the loop turns no more often for it."""

    async def main(delay: float) -> None:
        await asyncio.sleep(delay)

    def turns(delay: float) -> Any:
        clock = VirtualClock()
        with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
            selector = runner.get_loop()._selector  # type: ignore[attr-defined]
            selector.select = Mock(side_effect=selector.select)
            runner.run(main(delay))
            assert clock.now_ns() == delay * SECOND_NS
            return selector.select.call_count

    assert turns(HOUR) == turns(1)


@pytest.mark.parametrize("delay", [1e6, 1e8, 4e9], ids=["12 days", "3 years", "127 years"])
def test_timers_fire_however_far_away(delay: float) -> None:
    """Times too large for a float to hold each nanosecond still come."""

    async def main() -> float:
        await asyncio.sleep(delay)
        await asyncio.sleep(0.1)
        return now()

    assert run(main()) == pytest.approx(delay + 0.1)


@given(st.lists(st.integers(0, 4), max_size=300), st.sets(st.integers(0, 299)))
def test_equal_deadlines_fire_in_the_order_in_which_they_were_set(tenths: list[int], cancelled: set[int]) -> None:
    """Ties are first in, first out among any number of timers, cancelled ones between them or not."""
    fired: list[tuple[int, int]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        timers = [loop.call_later(tenth / 10, fired.append, (tenth, order)) for order, tenth in enumerate(tenths)]
        for order in cancelled & set(range(len(timers))):
            timers[order].cancel()
        await asyncio.sleep(1)

    run(main())
    assert fired == sorted((tenth, order) for order, tenth in enumerate(tenths) if order not in cancelled)


def test_nominally_equal_deadlines_are_equal() -> None:
    """0.1 + 0.2 and 0.3 seconds are the same deadline, though the floats differ."""
    fired: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_at(0.1 + 0.2, fired.append, "first")
        loop.call_at(0.3, fired.append, "second")
        await asyncio.sleep(1)

    run(main())
    assert fired == ["first", "second"]


@given(st.lists(st.floats(0, 1e6), max_size=20))
def test_time_never_runs_backwards_and_no_timer_is_early(delays: list[float]) -> None:
    """Timers come in order of deadline, each at its own nanosecond."""
    clock = VirtualClock()
    fired: list[tuple[int, int]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for delay in delays:
            loop.call_later(delay, lambda asked: fired.append((clock.now_ns(), asked)), round(delay * SECOND_NS))
        await asyncio.sleep(2e6)

    run(main(), clock)
    assert fired == sorted(fired)
    assert all(at == asked for at, asked in fired)


def test_a_timer_looks_like_any_other() -> None:
    """A virtual timer keeps asyncio's repr, deadline, cancellation and, in debug mode, the line that made it."""
    clock = VirtualClock()
    loop, real = clock.new_event_loop(), RealClock().new_event_loop()
    for each in (loop, real):
        each.set_debug(True)
    timers = [each.call_at(7.5, print, "x") for each in (loop, real)]
    assert repr(timers[0]) == repr(timers[1])
    assert timers[0].when() == 7.5
    timers[0].cancel()
    assert timers[0].cancelled()
    with pytest.raises(ValueError, match="NaN"):
        loop.call_later(math.nan, print)
    loop.close()
    real.close()


def test_call_soon_threadsafe_still_works() -> None:
    """A callback handed over while the loop runs is run, and time does not move for it."""

    async def main() -> float:
        event = asyncio.Event()
        asyncio.get_running_loop().call_soon_threadsafe(event.set)
        await event.wait()
        return now()

    assert run(main()) == 0


@pytest.mark.parametrize(
    ("wait", "tasks", "said"),
    [
        pytest.param(for_ever, 0, "1 task waits for ever (main)", id="one task"),
        pytest.param(for_ever, 1, "2 tasks wait for ever (main, job-0)", id="two tasks"),
        pytest.param(for_ever, 20, "21 tasks wait for ever (main, job-0, job-1, ...)", id="many tasks"),
        pytest.param(lambda: asyncio.sleep(math.inf), 0, "1 task waits for ever (main)", id="a sleep without end"),
    ],
)
def test_waiting_for_ever_is_an_error(wait: Callable[[], Coroutine[Any, Any, None]], tasks: int, said: str) -> None:
    """When nothing can happen any more the run ends with an error that names who waits, and cleanup still runs."""
    clock = VirtualClock()
    cleaned = []

    async def main() -> None:
        asyncio.current_task().set_name("main")  # type: ignore[union-attr]
        jobs = [asyncio.create_task(wait(), name=f"job-{index}") for index in range(tasks)]
        try:
            await wait()
        finally:
            await asyncio.sleep(1)
            cleaned.append(len(jobs))

    with pytest.raises(AsyncdemoError, match="Nothing can happen any more") as caught:
        run(main(), clock)
    assert said in caught.value.message
    assert caught.value.exit_code == 1
    assert clock.error is caught.value
    assert cleaned == [tasks]
    assert time.sleep is REAL["sleep"]


def test_a_loop_without_tasks_is_not_run_for_ever() -> None:
    """`run_forever` with nothing to run is the same error."""
    loop = VirtualClock().new_event_loop()
    with pytest.raises(AsyncdemoError, match="has no task"):
        loop.run_forever()
    assert not loop.is_running()
    loop.close()


def test_cleanup_that_waits_for_ever_does_not_hang() -> None:
    """A task that waits for ever again when it is cancelled ends with the same error."""

    async def main() -> None:
        try:
            await for_ever()
        finally:
            await for_ever()

    with pytest.raises(AsyncdemoError, match="Nothing can happen any more"):
        run(main())


@pytest.mark.parametrize(("subject", "method"), [(subject, each) for subject in REFUSED for each in REFUSED[subject]])
def test_what_takes_real_time_is_refused(subject: str, method: str) -> None:
    """Threads, processes, signals and sockets are refused as usage errors that name what was called and the way out."""
    clock = VirtualClock()
    loop = clock.new_event_loop()
    assert hasattr(asyncio.AbstractEventLoop, method) or method == "set_default_executor"
    with pytest.raises(AsyncdemoError) as caught:
        getattr(loop, method)(None, print)
    loop.close()
    assert caught.value.exit_code == 2
    assert caught.value.message.startswith(f"loop.{method} was called")
    assert f"no {subject}" in caught.value.message
    assert "--clock real" in caught.value.message
    assert clock.error is caught.value


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: asyncio.to_thread(print), id="to_thread"),
        pytest.param(lambda: asyncio.open_connection("localhost", 9), id="open_connection"),
        pytest.param(lambda: asyncio.start_server(print, "localhost", 0), id="start_server"),
        pytest.param(lambda: asyncio.create_subprocess_exec(sys.executable), id="create_subprocess_exec"),
        pytest.param(lambda: asyncio.create_subprocess_shell("true"), id="create_subprocess_shell"),
    ],
)
def test_asyncio_functions_that_take_real_time_are_refused(ask: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """The refusal reaches the program through asyncio's own functions too, and the clock keeps it if it is caught."""
    clock = VirtualClock()

    async def main() -> Any:
        return await asyncio.gather(ask(), return_exceptions=True)

    assert run(main(), clock) == [clock.error]
    assert clock.error is not None


def test_every_method_that_waits_for_the_world_is_refused() -> None:
    """Only methods known to need nothing but the loop itself are left as asyncio has them."""
    harmless = {
        *("call_at", "call_exception_handler", "call_later", "call_soon", "call_soon_threadsafe", "close", "is_closed"),
        *(
            "create_future",
            "create_task",
            "default_exception_handler",
            "get_debug",
            "get_exception_handler",
            "is_running",
        ),
        *("get_task_factory", "remove_reader", "remove_signal_handler", "remove_writer", "run_forever", "set_debug"),
        *("run_until_complete", "set_exception_handler", "set_task_factory", "shutdown_asyncgens", "stop", "time"),
        *("shutdown_default_executor", "slow_callback_duration"),
    }
    refused = {method for methods in REFUSED.values() for method in methods}
    assert {name for name in dir(asyncio.SelectorEventLoop) if not name.startswith("_")} <= harmless | refused


def test_loops_in_turn_share_the_clock() -> None:
    """A second loop goes on where the first one stopped."""
    clock = VirtualClock()
    run(asyncio.sleep(1), clock)
    run(asyncio.sleep(2), clock)
    assert clock.now_ns() == 3 * SECOND_NS


def test_two_loops_at_once_are_refused() -> None:
    """While one loop runs, another one of the same clock is a usage error."""
    clock = VirtualClock()
    other = clock.new_event_loop()
    errors: list[AsyncdemoError] = []

    def second() -> None:
        try:
            other.run_forever()
        except AsyncdemoError as error:
            errors.append(error)

    async def main() -> None:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        with pytest.raises(RuntimeError, match="another loop is running"):
            other.run_forever()

    run(main(), clock)
    other.close()
    assert [error.exit_code for error in errors] == [2]


REAL = {name: getattr(time, name) for name in PATCHED}


def test_the_time_module_follows_and_is_restored() -> None:
    """Inside, every function tells virtual time from the real epoch; outside, each is the one that was there before."""
    before = time.time_ns()
    clock = VirtualClock()
    with clock.installed():
        epoch = time.time_ns()
        time.sleep(0.5)
        time.sleep(2)
        assert clock.now_ns() == 2_500_000_000
        assert time.time_ns() - epoch == 2_500_000_000
        assert time.time() == time.time_ns() / SECOND_NS
        assert (time.monotonic(), time.monotonic_ns()) == (2.5, 2_500_000_000)
        assert (time.perf_counter(), time.perf_counter_ns()) == (2.5, 2_500_000_000)
        assert before <= epoch <= REAL["time_ns"]()
    assert {name: getattr(time, name) for name in PATCHED} == REAL


def test_an_exception_restores_the_time_module() -> None:
    """Whatever leaves the block, nothing is left redirected."""
    with pytest.raises(KeyboardInterrupt), VirtualClock().installed():
        raise KeyboardInterrupt
    assert {name: getattr(time, name) for name in PATCHED} == REAL


@pytest.mark.parametrize("value", [-1, -1e-12, "1", None, math.nan, math.inf, 1j])
def test_a_bad_sleep_raises_what_the_real_one_raises(value: Any) -> None:
    """`time.sleep` refuses the same arguments in virtual time."""
    with pytest.raises(Exception) as real:  # noqa: PT011
        time.sleep(value)
    with VirtualClock().installed(), pytest.raises(type(real.value)):
        time.sleep(value)


def test_other_threads_keep_real_time() -> None:
    """A thread that runs no loop of the clock neither sees virtual time nor moves it; one that runs a loop does."""
    clock = VirtualClock()
    seen: list[float] = []

    def bystander() -> None:
        time.sleep(0.001)
        seen.append(time.perf_counter())

    def runner() -> None:
        with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
            runner.run(main())

    async def main() -> None:
        await asyncio.sleep(1)
        seen.append(time.perf_counter())

    before = time.perf_counter()
    with clock.installed():
        for target in (bystander, runner):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert before < seen[0] < time.perf_counter()
    assert seen[1] == 1
    assert clock.now_ns() == SECOND_NS


def test_an_endless_program_can_be_interrupted() -> None:
    """Ctrl+C ends a program that never stops sleeping."""
    program = (
        "import asyncio\n"
        "from asyncdemo.recorder.clock import VirtualClock\n"
        "async def main():\n"
        "    print('ready', flush=True)\n"
        "    while True:\n"
        "        await asyncio.sleep(1)\n"
        "with VirtualClock().installed(), asyncio.Runner(loop_factory=VirtualClock().new_event_loop) as runner:\n"
        "    runner.run(main())\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert errors.endswith("KeyboardInterrupt\n")


def test_the_real_clock_is_the_machines() -> None:
    """Real time is `perf_counter_ns` itself, asyncio's own loop and an untouched `time` module."""
    clock = RealClock()
    assert clock.now_ns is time.perf_counter_ns
    with clock.installed():
        assert time.sleep is REAL["sleep"]
    loop = clock.new_event_loop()
    assert isinstance(loop, asyncio.BaseEventLoop)
    assert not isinstance(loop, VirtualLoop)
    loop.close()


def test_uvloop_has_a_clock_of_its_own() -> None:
    """To ask for uvloop in virtual time is a usage error."""
    with pytest.raises(AsyncdemoError, match="--clock real") as caught:
        VirtualClock().new_event_loop("uvloop")
    assert caught.value.exit_code == 2


def test_uvloop_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing uvloop is "not available here", with the command that installs it."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with pytest.raises(AsyncdemoError, match="pip install uvloop") as caught:
        RealClock().new_event_loop("uvloop")
    assert caught.value.exit_code == 3


def test_uvloop_is_made_where_it_is_installed() -> None:
    """The kind "uvloop" gives uvloop's loop."""
    uvloop = pytest.importorskip("uvloop")
    loop = RealClock().new_event_loop("uvloop")
    assert isinstance(loop, uvloop.Loop)
    loop.close()


@pytest.mark.parametrize("clock", [RealClock(), VirtualClock()], ids=["real", "virtual"])
def test_an_unknown_loop_is_a_usage_error(clock: RealClock | VirtualClock) -> None:
    """A kind that does not exist is refused with the list of those that do."""
    with pytest.raises(AsyncdemoError, match="asyncio and uvloop") as caught:
        clock.new_event_loop("trio")
    assert caught.value.exit_code == 2
