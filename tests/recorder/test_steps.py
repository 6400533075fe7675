"""Recorder: the order of steps, what tasks wait for between them, where, and who wakes them."""

# ruff: noqa: D103 - the names of the programs say what they do

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from subprocess import PIPE
from typing import Any

import pytest

from asyncdemo.recorder import RealClock, Recorder
from asyncdemo.trace import NONE, Actor, Wait
from tests.recorder.recordings import LOOPS, REAL_LOOPS, TICK, Recording, named, new_loop, record

Program = Callable[[], Coroutine[Any, Any, Any]]


def child(coroutine: Coroutine[Any, Any, Any], name: str = "waiter") -> asyncio.Task[Any]:
    """A task of this name."""
    return asyncio.create_task(coroutine, name=name)


# What a task waits for: in each program the task `waiter` waits once, in the line that says so.


async def sleep() -> None:
    async def waiter() -> None:
        await asyncio.sleep(TICK)  # waits here

    await child(waiter())


async def lock() -> None:
    lock = asyncio.Lock()

    async def waiter() -> None:
        async with lock:  # waits here
            pass

    async with lock:
        task = child(waiter())
        await asyncio.sleep(TICK)
    await task


async def semaphore() -> None:
    semaphore = asyncio.Semaphore(1)

    async def waiter() -> None:
        await semaphore.acquire()  # waits here

    async with semaphore:
        task = child(waiter())
        await asyncio.sleep(TICK)
    await task


async def condition() -> None:
    condition = asyncio.Condition()

    async def waiter() -> None:
        async with condition:
            await condition.wait()  # waits here

    task = child(waiter())
    await asyncio.sleep(TICK)
    async with condition:
        condition.notify()
    await task


async def condition_wait_for() -> None:
    condition = asyncio.Condition()
    ready: list[int] = []

    async def waiter() -> None:
        async with condition:
            await condition.wait_for(lambda: ready)  # waits here

    task = child(waiter())
    await asyncio.sleep(TICK)
    async with condition:
        ready.append(1)
        condition.notify()
    await task


async def event() -> None:
    event = asyncio.Event()

    async def waiter() -> None:
        await event.wait()  # waits here

    task = child(waiter())
    await asyncio.sleep(TICK)
    event.set()
    await task


async def barrier() -> None:
    barrier = asyncio.Barrier(2)

    async def waiter() -> None:
        await barrier.wait()  # waits here

    task = child(waiter())
    await asyncio.sleep(TICK)
    await barrier.wait()
    await task


async def queue_get() -> None:
    queue = asyncio.Queue[int]()

    async def waiter() -> None:
        await queue.get()  # waits here

    task = child(waiter())
    await asyncio.sleep(TICK)
    queue.put_nowait(1)
    await task


async def queue_put() -> None:
    queue = asyncio.Queue[int](1)

    async def waiter() -> None:
        await queue.put(1)
        await queue.put(2)  # waits here

    task = child(waiter())
    await asyncio.sleep(TICK)
    queue.get_nowait()
    await task


async def queue_join() -> None:
    queue = asyncio.Queue[int]()
    queue.put_nowait(1)

    async def waiter() -> None:
        await queue.join()  # waits here

    task = child(waiter())
    await asyncio.sleep(TICK)
    queue.get_nowait()
    queue.task_done()
    await task


async def priority_queue() -> None:
    queue = asyncio.PriorityQueue[int]()

    async def waiter() -> None:
        await queue.get()  # waits here

    task = child(waiter())
    await asyncio.sleep(TICK)
    await queue.put(1)
    await task


async def task() -> None:
    other = child(asyncio.sleep(TICK), "other")

    async def waiter() -> None:
        await other  # waits here

    await child(waiter())


async def gather() -> None:
    async def waiter() -> None:
        await asyncio.gather(asyncio.sleep(TICK), asyncio.sleep(TICK))  # waits here

    await child(waiter())


async def wait() -> None:
    async def waiter() -> None:
        await asyncio.wait([child(asyncio.sleep(TICK), "other")])  # waits here

    await child(waiter())


async def task_group() -> None:
    async def waiter() -> None:
        async with asyncio.TaskGroup() as group:  # waits here
            group.create_task(asyncio.sleep(TICK))

    await child(waiter())


async def wait_for() -> None:
    other = child(asyncio.sleep(TICK), "other")

    async def waiter() -> None:
        await asyncio.wait_for(other, 10)  # waits here

    await child(waiter())


async def timeout() -> None:
    async def waiter() -> None:
        async with asyncio.timeout(10):
            await asyncio.sleep(TICK)  # waits here

    await child(waiter())


async def future() -> None:
    future = asyncio.get_running_loop().create_future()

    async def waiter() -> None:
        await future  # waits here

    task = child(waiter())
    await asyncio.sleep(TICK)
    future.set_result(None)
    await task


async def async_generator() -> None:
    async def numbers() -> Any:
        await asyncio.sleep(TICK)  # waits here
        yield 1

    async def waiter() -> None:
        async for _ in numbers():
            pass

    await child(waiter())


async def own_await() -> None:
    class Slow:
        def __await__(self) -> Any:
            return asyncio.sleep(TICK).__await__()

    async def waiter() -> None:
        await Slow()  # waits here

    await child(waiter())


async def deep_call() -> None:
    async def innermost() -> None:
        await asyncio.sleep(TICK)  # waits here

    async def middle() -> None:
        await innermost()

    async def waiter() -> None:
        await middle()

    await child(waiter())


def set_later() -> threading.Event:
    """An event that is set a while after the running task has suspended, however long that takes."""
    running, event = asyncio.get_running_loop(), threading.Event()
    running.call_soon(running.call_later, TICK, event.set)
    return event


async def to_thread() -> None:
    async def waiter() -> None:
        await asyncio.to_thread(set_later().wait)  # waits here

    await child(waiter())


async def thread_pool() -> None:
    async def waiter() -> None:
        await asyncio.get_running_loop().run_in_executor(pool, set_later().wait)  # waits here

    with ThreadPoolExecutor(1) as pool:
        await child(waiter())


async def process_pool() -> None:
    async def waiter() -> None:
        await asyncio.get_running_loop().run_in_executor(pool, time.sleep, 10 * TICK)  # waits here

    with ProcessPoolExecutor(1) as pool:
        await child(waiter())


async def stream() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        named("server")
        await reads.wait()
        await asyncio.sleep(TICK)
        writer.write(b"hello\n")
        await reader.read()
        writer.close()

    async def waiter() -> None:
        assert await reader.readline() == b"hello\n"  # waits here

    reads = asyncio.Event()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        task = child(waiter())
        asyncio.get_running_loop().call_soon(reads.set)
        await task
        writer.close()
        await writer.wait_closed()


async def subprocess() -> None:
    code = "import sys; sys.stdin.read()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=PIPE)
    assert process.stdin is not None
    end = process.stdin.close

    async def waiter() -> None:
        asyncio.get_running_loop().call_soon(end)
        await process.wait()  # waits here

    await child(waiter())


ONE_WAITS: dict[str, tuple[Program, Wait, str]] = {
    "asyncio.sleep": (sleep, Wait.SLEEP, "sleep"),
    "a lock": (lock, Wait.LOCK, "Lock"),
    "a semaphore": (semaphore, Wait.SEMAPHORE, "Semaphore"),
    "Condition.wait": (condition, Wait.CONDITION, "Condition"),
    "Condition.wait_for": (condition_wait_for, Wait.CONDITION, "Condition"),
    "an event": (event, Wait.EVENT, "Event"),
    "a barrier": (barrier, Wait.BARRIER, "Barrier"),
    "Queue.get": (queue_get, Wait.QUEUE_GET, "Queue.get"),
    "Queue.put": (queue_put, Wait.QUEUE_PUT, "Queue.put"),
    "Queue.join": (queue_join, Wait.QUEUE_JOIN, "Queue.join"),
    "PriorityQueue.get": (priority_queue, Wait.QUEUE_GET, "PriorityQueue.get"),
    "a task": (task, Wait.TASK, "task"),
    "gather": (gather, Wait.TASK, "tasks"),
    "asyncio.wait": (wait, Wait.TASK, "tasks"),
    "a task group": (task_group, Wait.TASK, "tasks"),
    "wait_for of a task": (wait_for, Wait.TASK, "task"),
    "asyncio.timeout": (timeout, Wait.SLEEP, "sleep"),
    "a bare future": (future, Wait.FUTURE, "future"),
    "sleep in an async generator": (async_generator, Wait.SLEEP, "sleep"),
    "sleep below three coroutines": (deep_call, Wait.SLEEP, "sleep"),
    "sleep behind an __await__": (own_await, Wait.SLEEP, "sleep"),
}
REAL_WAITS: dict[str, tuple[Program, Wait, str]] = {
    "to_thread": (to_thread, Wait.THREAD, "thread"),
    "a thread pool": (thread_pool, Wait.THREAD, "thread"),
    "a process pool": (process_pool, Wait.PROCESS, "process"),
    "a stream on a socket": (stream, Wait.NETWORK, "socket"),
    "the end of a process": (subprocess, Wait.SUBPROCESS, "process exit"),
}


def check_wait(recording: Recording, kind: Wait, on: str) -> None:
    """The task `waiter` waited for this, in the marked line, and for nothing else."""
    waits = [wait for wait in recording.waits("waiter") if wait.kind != Wait.BRIEF]
    assert [(wait.kind, wait.on) for wait in waits] == [(kind, on)]
    assert waits[0].source.endswith("# waits here")


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(("program", "kind", "on"), ONE_WAITS.values(), ids=ONE_WAITS)
def test_a_wait_has_its_kind_and_its_line(program: Program, kind: Wait, on: str, loop: str) -> None:
    """What a suspended task waits for, and the program's own line that awaits it."""
    check_wait(record(program, loop), kind, on)


@pytest.mark.parametrize("loop", REAL_LOOPS)
@pytest.mark.parametrize(("program", "kind", "on"), REAL_WAITS.values(), ids=REAL_WAITS)
def test_a_wait_for_the_world_has_its_kind_and_its_line(program: Program, kind: Wait, on: str, loop: str) -> None:
    """The same for threads, processes and sockets, which need real time."""
    check_wait(record(program, loop), kind, on)


def test_wait_for_of_a_coroutine_tells_what_it_waits_for() -> None:
    """On 3.11 it waits for the task that `wait_for` makes; later the coroutine runs in the very task."""

    async def main() -> None:
        named("main")
        await asyncio.wait_for(asyncio.sleep(1), 10)  # waits here

    (wait,) = record(main).waits("main")

    assert wait.kind == (Wait.SLEEP if sys.version_info >= (3, 12) else Wait.TASK)
    assert wait.source.endswith("# waits here")


@pytest.mark.parametrize("loop", LOOPS)
def test_the_awaited_task_is_named(loop: str) -> None:
    """A task that awaits one other task tells which."""

    async def waiter(other: asyncio.Task[Any]) -> None:
        await other

    async def main() -> None:
        slow = child(asyncio.sleep(2 * TICK), "slow")
        await asyncio.gather(child(waiter(slow), "first"), child(asyncio.wait_for(slow, 10), "second"))

    recording = record(main, loop)

    assert recording.awaited("first") == ["slow"]
    assert recording.waits("first")[0].waker == "slow"


@pytest.mark.parametrize("loop", LOOPS)
def test_letting_others_run_is_a_yield(loop: str) -> None:
    """`sleep(0)` is a step's end, but no wait for anything: the task wakes itself."""

    async def main() -> None:
        named("main")
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    recording = record(main, loop)

    assert [(wait.kind, wait.waker) for wait in recording.waits("main")] == [(Wait.YIELD, "main")] * 2
    steps = recording.trace.steps
    assert list(steps.ready_ns)[1:] == list(steps.end_ns)[:-1]


def test_a_wait_that_takes_no_time_is_brief() -> None:
    """A lock that is free again before any time has passed is not looked into."""
    lock = asyncio.Lock()

    async def waiter() -> None:
        async with lock:
            pass

    async def main() -> None:
        named("main")
        async with lock:
            task = child(waiter())
            await asyncio.sleep(0)
        await task

    (wait,) = record(main).waits("waiter")

    assert (wait.kind, wait.on, wait.waker) == (Wait.BRIEF, "", "main")


def test_steps_in_virtual_time() -> None:
    """Ready, start and end of every step, exactly: only what blocks takes time, and others are late by it."""
    import time

    async def job(delay: float, blocks: float) -> None:
        await asyncio.sleep(delay)
        time.sleep(blocks)  # noqa: ASYNC251

    async def main() -> None:
        named("main")
        await asyncio.gather(child(job(1, 5), "a"), child(job(2, 0), "b"))

    trace = (recording := record(main)).trace

    steps = trace.steps
    seconds = [
        (trace.task_name(task), ready // 10**9, start // 10**9, end // 10**9)
        for task, ready, start, end in zip(steps.task, steps.ready_ns, steps.start_ns, steps.end_ns, strict=True)
    ]
    assert seconds == [
        ("main", 0, 0, 0),
        ("a", 0, 0, 0),
        ("b", 0, 0, 0),
        ("a", 1, 1, 6),
        ("b", 2, 6, 6),
        ("main", 6, 6, 6),
    ]
    assert [recording.task(name, "steps") for name in ("main", "a", "b")] == [2, 2, 2]


def test_who_is_ready_first_runs_first() -> None:
    """Tasks run in the order in which they became ready, and steps are in that order."""

    async def job(event: asyncio.Event) -> None:
        await event.wait()
        await asyncio.sleep(0)

    async def main() -> None:
        named("main")
        event = asyncio.Event()
        jobs = [child(job(event), name) for name in "abc"]
        await asyncio.sleep(1)
        event.set()
        await asyncio.gather(*jobs)

    assert record(main).runs() == [
        *((0, name) for name in ("main", "a", "b", "c")),
        *((1000, name) for name in ("main", "a", "b", "c", "a", "b", "c", "main")),
    ]


# Who wakes


@pytest.mark.parametrize("loop", LOOPS)
def test_a_task_wakes_another(loop: str) -> None:
    """Releasing, putting, setting, notifying and ending wake those who wait, and are the task's who does it."""

    async def waiter(event: asyncio.Event) -> None:
        await event.wait()

    async def waker(event: asyncio.Event) -> None:
        await asyncio.sleep(TICK)
        event.set()

    async def main() -> None:
        event = asyncio.Event()
        await asyncio.gather(child(waiter(event)), child(waker(event), "waker"))

    recording = record(main, loop)

    assert [wait.waker for wait in recording.waits("waiter")] == ["waker"]
    assert [wait.waker for wait in recording.waits("waker")] == ["timer"]


@pytest.mark.parametrize("loop", LOOPS)
def test_a_callback_acts_for_the_task_that_scheduled_it(loop: str) -> None:
    """What a `call_soon` callback wakes is woken by the task that asked for the callback; `call_later`'s by a timer."""

    async def waiter(event: asyncio.Event) -> None:
        await event.wait()

    async def main() -> None:
        running, soon, later = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        jobs = [child(waiter(soon), "soon"), child(waiter(later), "later")]
        await asyncio.sleep(TICK)
        running.call_soon(soon.set)
        running.call_later(TICK, later.set)
        named("main")
        await asyncio.gather(*jobs)

    recording = record(main, loop)

    assert [wait.waker for wait in recording.waits("soon")] == ["main"]
    assert [wait.waker for wait in recording.waits("later")] == ["timer"]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_thread_wakes_a_task(loop: str) -> None:
    """`call_soon_threadsafe` of another thread, an executor's thread, a process pool's manager: none is a task."""

    async def by_hand() -> None:
        running, event, suspended = asyncio.get_running_loop(), asyncio.Event(), set_later()

        def set_from_thread() -> None:
            suspended.wait()
            running.call_soon_threadsafe(event.set)

        thread = threading.Thread(target=set_from_thread)
        thread.start()
        await event.wait()
        thread.join()

    async def by_process() -> None:
        with ProcessPoolExecutor(1) as pool:
            await asyncio.get_running_loop().run_in_executor(pool, time.sleep, 10 * TICK)

    async def by_pool() -> None:
        await asyncio.to_thread(set_later().wait)

    async def main() -> None:
        await child(by_hand(), "by hand")
        await child(by_pool(), "by pool")
        await child(by_process(), "by process")

    recording = record(main, loop)

    assert [recording.waits(name)[-1].waker for name in ("by hand", "by pool", "by process")] == [
        "thread",
        "thread",
        "process",
    ]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_the_network_wakes_a_task(loop: str) -> None:
    """Data that arrives on a socket is the network's doing, whoever of the program sent it."""
    recording = record(stream, loop)

    assert [wait.waker for wait in recording.waits("waiter")] == ["network"]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_task_that_reads_a_raw_socket(loop: str) -> None:
    """`loop.sock_recv` waits for the network."""
    import socket

    async def main() -> None:
        left, right = socket.socketpair()
        left.setblocking(False)
        right.setblocking(False)
        running = asyncio.get_running_loop()
        task = child(receive(left))
        await asyncio.sleep(TICK)
        await running.sock_sendall(right, b"x")
        assert await task == b"x"
        left.close()
        right.close()

    async def receive(socket: Any) -> bytes:
        return await asyncio.get_running_loop().sock_recv(socket, 1)  # waits here

    recording = record(main, loop)

    (wait,) = recording.waits("waiter")
    assert (wait.kind, wait.on, wait.waker) == (Wait.NETWORK, "socket", "network")
    assert wait.source.endswith("# waits here")


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_signal_wakes_a_task(loop: str) -> None:
    """A handler of `add_signal_handler` acts as the signal."""

    async def waiter() -> None:
        event = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, event.set)
        await event.wait()

    async def main() -> None:
        task = child(waiter())
        await asyncio.sleep(TICK)
        os.kill(os.getpid(), signal.SIGUSR1)
        await task

    assert [wait.waker for wait in record(main, loop).waits("waiter")] == ["signal"]


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_the_program_wakes_a_task_from_outside_the_loop(loop: str) -> None:
    """What is done between two runs of a loop is the program's."""
    running = RealClock().new_event_loop(loop)

    async def waiter(event: asyncio.Event) -> None:
        named("waiter")
        await event.wait()

    with Recorder() as recorder:
        event = asyncio.Event()
        task = running.create_task(waiter(event))
        running.run_until_complete(asyncio.sleep(TICK))
        event.set()
        running.run_until_complete(task)
        running.close()
    recording = Recording(recorder.stop())

    assert [wait.waker for wait in recording.waits("waiter")] == ["program"]
    first, *_ = recording.steps("waiter")
    assert recording.actor(recording.trace.steps.waker[first]) == "program"
    assert recorder.fault is None


@pytest.mark.parametrize("loop", LOOPS)
def test_a_first_step_is_woken_by_the_creator(loop: str) -> None:
    """A new task waits for nothing, and is made ready by the task that made it."""

    async def main() -> None:
        named("main")
        await child(asyncio.sleep(TICK), "job")

    recording = record(main, loop)

    first = recording.steps("job")[0]
    assert recording.trace.steps.wait[first] == NONE
    assert recording.actor(recording.trace.steps.waker[first]) == "main"
    assert recording.trace.steps.ready_ns[first] == recording.task("job", "created_ns")


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_programs_that_share_a_loop_factory(loop: str) -> None:
    """Lines of the program's own files count as its own wherever they are called from."""
    with Recorder() as recorder, asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        runner.run(sleep())
    recording = Recording(recorder.stop())

    assert recording.created_at("waiter") == "return asyncio.create_task(coroutine, name=name)"


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_what_a_views_thread_reads_is_whole(loop: str) -> None:
    """A shape of awaits, and a place in it, is known to other threads only once all of it is."""
    known: list[tuple[Any, ...]] = []

    class Watched(dict[Any, Any]):
        def __setitem__(self, key: Any, value: Any) -> None:
            if hasattr(value, "places"):
                known.append((value, "meaning", value.meaning))
                known.append((value, "depth", value.depth))
                value.places = Watched()
            else:
                known.append((value, "row", value.row))
            super().__setitem__(key, value)

    async def main() -> None:
        await asyncio.sleep(TICK)
        await queue_get()
        await to_thread()

    recorder = Recorder()
    recorder.waits._shapes = Watched()
    with recorder, asyncio.Runner(loop_factory=lambda: recorder.clock.new_event_loop(loop)) as runner:
        runner.run(main())
    assert {name for _, name, _ in known} == {"meaning", "depth", "row"}
    assert all(getattr(thing, name) == before for thing, name, before in known)


@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_a_late_timer_makes_ready_when_it_was_due(loop: str) -> None:
    """What a blocked loop kept from running was ready all that time."""

    async def main() -> None:
        named("main")
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(TICK, event.set)
        asyncio.get_running_loop().call_soon(time.sleep, 5 * TICK)
        await event.wait()

    recording = record(main, loop)
    steps = recording.trace.steps
    last = max(row for row, task in enumerate(steps.task) if task == recording.row("main"))

    assert steps.start_ns[last] - steps.ready_ns[last] >= 2 * TICK * 1e9
    assert steps.waker[last] == Actor.TIMER
