"""Predictions against truth: the time that a change is said to give is the time that a run with that change takes.

In virtual time both are exact. The jobs of the executor only sleep, so that no machine is too slow for them.
"""

from __future__ import annotations

import asyncio
import time
from importlib import import_module
from itertools import count
from typing import Any

import pytest

from asyncdemo import catalog
from asyncdemo.trace import Trace
from asyncdemo.whatif import Prediction, predict
from tests.recorder.recordings import record

ATTEMPTS = 3
"""In real time whatever disturbs a run makes it longer: it is measured again before it counts."""


def run(name: str, loop: str = "virtual", **params: Any) -> Trace:
    """The recording of a concept."""
    main = import_module(catalog.find(name).module).main
    return record(lambda: main(**params), loop, closely=True).trace


def predicted(trace: Trace, change: str) -> Prediction:
    """What a change is said to do; the simulation with nothing changed takes as long as the run did."""
    (prediction,) = predict(trace, [change])
    assert prediction.refused == ""
    return prediction


def uneven() -> Any:
    """Works for concepts that take one: each is a sleep of another length, the same in every run."""
    numbers = count(1)
    return lambda delay: asyncio.sleep(delay * (1 + next(numbers) * 7 % 5))


@pytest.mark.parametrize("limit", [1, 2, 4, 7, 50])
def test_slots_of_a_semaphore(limit: int) -> None:
    """Ten tasks with other slots, from one for all to one for each."""
    before = run("semaphore", tasks=10, limit=3, hold=1)
    after = run("semaphore", tasks=10, limit=limit, hold=1)
    assert predicted(before, f"limit={limit}").predicted_ns == after.duration_ns


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 7])
def test_slots_go_to_whoever_waited_longest(limit: int) -> None:
    """Holds of uneven length: the order in which slots are given decides the total."""
    assert predicted(uneven_holds(3), f"limit={limit}").predicted_ns == uneven_holds(limit).duration_ns


def uneven_holds(limit: int) -> Trace:
    """The recording of tasks that hold a slot for different times."""

    async def hold(slots: asyncio.Semaphore, seconds: float) -> None:
        async with slots:
            await asyncio.sleep(seconds)

    async def main() -> None:
        slots = asyncio.Semaphore(limit)
        await asyncio.gather(*(hold(slots, (1 + number * 7 % 13) / 10) for number in range(13)))

    return record(main, closely=True).trace


@pytest.mark.parametrize("workers", [1, 2, 3, 6, 20])
def test_workers_of_a_queue(workers: int) -> None:
    """Jobs of uneven length: whichever worker is free takes the next, however many there are."""
    before = run("queue-workers", jobs=20, limit=4, work=uneven())
    after = run("queue-workers", jobs=20, limit=workers, work=uneven())
    assert predicted(before, f"workers={workers}").predicted_ns == after.duration_ns


@pytest.mark.parametrize("workers", [1, 2, 4, 6, 9])
@pytest.mark.parametrize("given", [1, 3])
def test_workers_that_wait_for_items(given: int, workers: int) -> None:
    """Items come over time, the queue is joined, and the workers are cancelled: none is done before it was put."""
    before = served(given)
    after = served(workers)
    assert predicted(before, f"workers={workers}").predicted_ns == after.duration_ns


def served(workers: int) -> Trace:
    """The recording of some workers that take what two producers put."""

    async def work(queue: asyncio.Queue[int]) -> None:
        while True:
            item = await queue.get()
            await asyncio.sleep(0.9 if item == 15 else 0.1 + item / 100)
            queue.task_done()

    async def produce(queue: asyncio.Queue[int], first: int) -> None:
        for item in range(first, first + 8):
            await asyncio.sleep(0.037)
            await queue.put(item)

    async def main() -> None:
        queue = asyncio.Queue[int]()
        tasks = [asyncio.create_task(work(queue)) for _ in range(workers)]
        await asyncio.gather(produce(queue, 0), produce(queue, 10))
        await queue.join()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return record(main, closely=True).trace


@pytest.mark.parametrize("consumers", [1, 2, 4, 5, 8])
@pytest.mark.parametrize("size", [1, 2, 10])
def test_consumers_of_a_bounded_queue(size: int, consumers: int) -> None:
    """Producers wait for room, which there is sooner with more consumers."""
    before = run("queue", consumers=2, size=size)
    after = run("queue", consumers=consumers, size=size)
    assert predicted(before, f"workers={consumers}").predicted_ns == after.duration_ns


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("given", [0, 1, 4])
def test_room_in_a_queue(given: int, size: int) -> None:
    """A producer is done with its items the sooner, the more room there is, and has more to do then."""
    assert predicted(handing_over(given), f"maxsize={size}").predicted_ns == handing_over(size).duration_ns


def handing_over(size: int) -> Trace:
    """The recording of a producer that has something else to do after its items."""
    items = (3, 1, 4, 1, 5, 9, 2, 6, 5, 4)

    async def work(queue: asyncio.Queue[int]) -> None:
        for _ in items:
            await asyncio.sleep(await queue.get() / 10)

    async def produce(queue: asyncio.Queue[int]) -> None:
        for item in items:
            await queue.put(item)
            await asyncio.sleep(0.003)
        await asyncio.sleep(3)

    async def main() -> None:
        queue = asyncio.Queue[int](size)
        async with asyncio.TaskGroup() as group:
            group.create_task(work(queue))
            group.create_task(produce(queue))

    return record(main, closely=True).trace


def test_a_sleep_that_a_busy_loop_made_longer() -> None:
    """It is as short again as others of its line when the loop is not busy as it ends."""

    async def beat() -> None:
        for _ in range(2):
            await asyncio.sleep(0.1)

    async def block() -> None:
        await asyncio.sleep(0.15)  # before it blocks
        time.sleep(0.3)  # noqa: ASYNC251

    async def main() -> None:
        await asyncio.gather(beat(), block())

    trace = record(main, closely=True).trace
    assert trace.duration_ns == 450_000_000
    assert predicted(trace, f"no wait AT {place('before it blocks')}").predicted_ns == 400_000_000


@pytest.mark.parametrize("batch", [5, 10, 25, 50, 200])
def test_sizes_of_batches(batch: int) -> None:
    """The batches and the semaphore that races with them, which the concept gives the same number."""
    before = run("batching", items=200, batch=20)
    after = run("batching", items=200, batch=batch)
    assert predicted(before, f"batch={batch}, limit={batch}").predicted_ns == after.duration_ns


@pytest.mark.parametrize("limit", [1, 3, 4, 8, 16])
def test_sizes_of_batches_of_tasks(limit: int) -> None:
    """Batches of named tasks of uneven length: each waits for its slowest."""
    before = run("batched", jobs=16, limit=2, work=uneven())
    after = run("batched", jobs=16, limit=limit, work=uneven())
    assert predicted(before, f"batch={limit}").predicted_ns == after.duration_ns


@pytest.mark.parametrize("threads", [1, 2, 4, 5, 8])
def test_threads_of_an_executor(threads: int) -> None:
    """Six calls that block their threads, in real time: within 5 %."""
    params = {"jobs": 6, "block": 0.3, "sums": 0}
    for _ in range(ATTEMPTS):
        prediction = predicted(run("executor", "asyncio", threads=3, **params), f"workers={threads}")
        measured = run("executor", "asyncio", threads=threads, **params).duration_ns
        if prediction.predicted_ns == pytest.approx(measured, rel=0.05):
            break
    assert prediction.predicted_ns == pytest.approx(measured, rel=0.05)


def locked(**without: float) -> Trace:
    """The recording of tasks that prepare, change something under a lock, and report; some waits may be other ones."""
    waits = {"prepare": 1.0, "read": 1.0, "write": 1.0, "report": 1.0, "last": 1.0, **without}

    async def change(lock: asyncio.Lock, number: int) -> None:
        if waits["prepare"]:
            await asyncio.sleep((0.05 + number % 3 / 50) * waits["prepare"])  # prepare
        async with lock:  # take
            if waits["read"]:
                await asyncio.sleep(0.03 * waits["read"])  # read
            if waits["write"]:
                await asyncio.sleep((0.01 + number / 200) * waits["write"])  # write
        if waits["report"]:
            await asyncio.sleep(0.2 * waits["report"])  # report

    async def main() -> None:
        lock = asyncio.Lock()
        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(change(lock, number))
        if waits["last"]:
            await asyncio.sleep(0.1 * waits["last"])  # last

    return record(main, closely=True).trace


def place(mark: str) -> str:
    """`FILE:LINE` of a line of this file that ends with a comment."""
    with open(__file__, encoding="utf-8") as file:
        lines = [number for number, line in enumerate(file, 1) if line.endswith(f"  # {mark}\n")]
    assert len(lines) == 1
    return f"test_truth.py:{lines[0]}"


@pytest.mark.parametrize("mark", ["prepare", "read", "write", "report", "last"])
@pytest.mark.parametrize(("change", "factor"), [("no wait AT {}", 0), ("wait AT {}=x0.5", 0.5), ("wait AT {}=x3", 3)])
def test_waits_around_and_under_a_lock(mark: str, change: str, factor: float) -> None:
    """A wait within the block is one for everybody, a wait outside of it is each task's own."""
    prediction = predicted(locked(), change.format(place(mark)))
    assert prediction.predicted_ns == locked(**{mark: factor}).duration_ns


def served_to(limit: int) -> Trace:
    """The recording of a server that takes 50 ms for an answer, and of eight clients of it, so many at once."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        await asyncio.sleep(0.05)  # answer
        writer.write(line)
        writer.close()

    async def ask(slots: asyncio.Semaphore, port: int) -> None:
        async with slots:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"hello\n")
            await reader.readline()
            writer.close()

    async def main() -> None:
        slots = asyncio.Semaphore(limit)
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await asyncio.gather(*(ask(slots, port) for _ in range(8)))

    return record(main, "asyncio", closely=True).trace


def test_clients_of_a_server() -> None:
    """With more slots connections begin sooner, and with them the tasks that serve them, which no task made."""
    trace = served_to(1)
    assert predicted(trace, "limit=8").predicted_ns < trace.duration_ns / 3
    (refused,) = predict(trace, [f"no wait AT {place('answer')}"])
    assert "serves a connection: what others do because of its answers is not followed" in refused.refused


def test_no_lock() -> None:
    """Without a wait for the lock the tasks do at once what they did in turn."""
    prediction = predicted(locked(), f"no wait AT {place('take')}")
    slowest = max(50 + number % 3 * 20 + 30 + 10 + number * 5 for number in range(8))
    assert prediction.predicted_ns == (slowest + 200 + 100) * 1_000_000


def test_a_lock_that_nobody_waited_for() -> None:
    """Without it two tasks do at once what they did at different times before."""

    async def hold(lock: asyncio.Lock, seconds: float) -> None:
        await asyncio.sleep(seconds)  # come later
        async with lock:  # take it
            await asyncio.sleep(0.1)

    async def main() -> None:
        lock = asyncio.Lock()
        await asyncio.gather(hold(lock, 0.1), hold(lock, 0.3))

    later, take = f"no wait AT {place('come later')}", f"no wait AT {place('take it')}"
    trace = record(main, closely=True).trace
    assert predicted(trace, later).predicted_ns == 200_000_000
    assert predicted(trace, f"{later}, {take}").predicted_ns == 100_000_000
