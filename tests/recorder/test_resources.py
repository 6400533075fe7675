"""Recorder: who holds locks, slots and conditions, from when to when, and how long queues are."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from asyncdemo.trace import NONE, Wait
from tests.recorder.recordings import LOOPS, TICK, Hold, named, record


def child(coroutine: Any, name: str) -> asyncio.Task[Any]:
    """A task of this name."""
    return asyncio.create_task(coroutine, name=name)


async def hold(resource: Any, seconds: float = 1) -> None:
    """Holds a lock or a slot for a while."""
    async with resource:
        await asyncio.sleep(seconds)


async def jobs(resource: Any, number: int) -> None:
    """Tasks a, b, c, ... that each hold the resource for a second."""
    await asyncio.gather(*(child(hold(resource), "abcdefgh"[each]) for each in range(number)))


def test_a_lock_is_held_by_one_after_the_other() -> None:
    """A hold lasts from the acquisition, at once or after waiting, to the release."""

    async def main() -> None:
        await jobs(asyncio.Lock(), 3)

    recording = record(main)

    assert recording.holds() == [
        Hold("Lock", "a", 0, 0, 1000),
        Hold("Lock", "b", 0, 1000, 2000),
        Hold("Lock", "c", 0, 2000, 3000),
    ]
    assert recording.resources() == [("Lock", 1)]
    assert {recording.source(site) for site in recording.trace.holds.site} == {"async with resource:"}


@pytest.mark.parametrize("kind", [asyncio.Semaphore, asyncio.BoundedSemaphore])
def test_a_semaphore_is_held_up_to_its_limit(kind: type[asyncio.Semaphore]) -> None:
    """The slots go to the first who asked."""

    async def main() -> None:
        await jobs(kind(2), 5)

    recording = record(main)

    assert [hold[1:] for hold in recording.holds()] == [
        ("a", 0, 0, 1000),
        ("b", 0, 0, 1000),
        ("c", 0, 1000, 2000),
        ("d", 0, 1000, 2000),
        ("e", 0, 2000, 3000),
    ]
    assert recording.resources() == [(kind.__name__, 2)]


def test_a_condition_is_released_while_waiting() -> None:
    """Who waits for a notification does not hold the condition, and holds it again afterwards."""

    async def waiter(condition: asyncio.Condition) -> None:
        async with condition:
            await asyncio.sleep(1)
            await condition.wait()
            await asyncio.sleep(1)

    async def notifier(condition: asyncio.Condition) -> None:
        await asyncio.sleep(3)
        async with condition:
            condition.notify()
            await asyncio.sleep(1)

    async def main() -> None:
        condition = asyncio.Condition()
        await asyncio.gather(child(waiter(condition), "waiter"), child(notifier(condition), "notifier"))

    recording = record(main)

    assert [hold[:2] + hold[3:] for hold in recording.holds()] == [
        ("Condition", "waiter", 0, 1000),
        ("Condition", "notifier", 3000, 4000),
        ("Condition", "waiter", 4000, 5000),
    ]
    assert recording.resources() == [("Condition", 1)]
    assert [(wait.kind, wait.on) for wait in recording.waits("waiter") if wait.kind != Wait.SLEEP] == [
        (Wait.CONDITION, "Condition"),
        (Wait.LOCK, "Condition"),
    ]


def test_a_condition_with_a_lock_of_its_own() -> None:
    """A lock that was given to a condition keeps its own name."""

    async def main() -> None:
        lock = asyncio.Lock()
        condition = asyncio.Condition(lock)
        await asyncio.gather(child(hold(condition), "a"), child(hold(lock), "b"))

    assert [hold[:2] for hold in record(main).holds()] == [("Lock", "a"), ("Lock", "b")]


def test_cancelled_while_waiting() -> None:
    """Who is cancelled while it waits never held anything; the next one gets it."""

    async def main() -> None:
        lock = asyncio.Lock()
        first, second, third = (child(hold(lock), name) for name in ("first", "second", "third"))
        await asyncio.sleep(0.5)
        second.cancel()
        await asyncio.gather(first, second, third, return_exceptions=True)

    assert record(main).holds() == [Hold("Lock", "first", 0, 0, 1000), Hold("Lock", "third", 0, 1000, 2000)]


def test_cancelled_while_waiting_for_a_slot_with_a_timeout() -> None:
    """`wait_for(acquire())` that times out leaves no hold, and one in time leaves one."""

    async def impatient(semaphore: asyncio.Semaphore, patience: float) -> None:
        try:
            await asyncio.wait_for(semaphore.acquire(), patience)
        except TimeoutError:
            return
        await asyncio.sleep(1)
        semaphore.release()

    async def main() -> None:
        semaphore = asyncio.Semaphore(1)
        await asyncio.gather(
            child(hold(semaphore), "holder"),
            child(impatient(semaphore, 0.5), "impatient"),
            child(impatient(semaphore, 5), "patient"),
        )

    holds = record(main).holds()

    assert [hold[2:] for hold in holds] == [(0, 0, 1000), (0, 1000, 2000)]
    assert holds[0].task == "holder"


def test_cancelled_while_holding() -> None:
    """The hold ends with the cancellation."""

    async def main() -> None:
        task = child(hold(asyncio.Lock(), 60), "job")
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])

    assert record(main).holds() == [Hold("Lock", "job", 0, 0, 1000)]


def test_released_by_another_task() -> None:
    """A hold ends when somebody else gives the resource back."""

    async def main() -> None:
        named("main")
        lock = asyncio.Lock()
        await child(lock.acquire(), "taker")
        await asyncio.sleep(1)
        lock.release()
        await asyncio.sleep(1)

    ((resource, task, *_, end),) = record(main).holds()

    assert (resource, task, end) == ("Lock", "taker", 1000)


def test_held_to_the_end() -> None:
    """What is never released is held to the end of the recording."""

    async def main() -> None:
        named("main")
        await asyncio.sleep(1)
        await asyncio.Lock().acquire()
        await asyncio.sleep(1)

    assert record(main).holds() == [Hold("Lock", "main", 1000, 1000, 2000)]


def test_released_within_the_step() -> None:
    """A resource that is free when it is asked for and given back at once is held for no time."""

    async def main() -> None:
        named("main")
        lock = asyncio.Lock()
        for _ in range(2):
            async with lock:
                pass
        async with lock:
            await asyncio.sleep(1)

    assert [hold[3:] for hold in record(main).holds()] == [(0, 0), (0, 0), (0, 1000)]


def test_several_at_once() -> None:
    """A task holds several resources, and one resource is held within another."""

    async def main() -> None:
        named("main")
        async with asyncio.Lock():
            await asyncio.sleep(1)
            async with asyncio.Semaphore(3), asyncio.Lock():
                await asyncio.sleep(1)
            await asyncio.sleep(1)

    recording = record(main)

    assert [(hold[0], *hold[3:]) for hold in recording.holds()] == [
        ("Lock", 0, 3000),
        ("Semaphore", 1000, 2000),
        ("Lock 2", 1000, 2000),
    ]
    assert recording.resources() == [("Lock", 1), ("Semaphore", 3), ("Lock 2", 1)]


def test_a_class_of_the_program() -> None:
    """A subclass of a lock goes by its own name."""

    class Door(asyncio.Lock):
        pass

    async def main() -> None:
        await jobs(Door(), 2)

    assert [hold[:2] for hold in record(main).holds()] == [("Door", "a"), ("Door", "b")]


@pytest.mark.parametrize("loop", LOOPS)
def test_on_every_loop(loop: str) -> None:
    """Holds are in the order of acquisition, and of one lock never overlap."""

    async def main() -> None:
        lock = asyncio.Lock()
        await asyncio.gather(*(child(hold(lock, TICK), name) for name in "abc"))

    holds = record(main, loop).holds()

    assert [each.task for each in holds] == ["a", "b", "c"]
    assert all(before.end <= after.start for before, after in pairwise(holds))
    assert all(each.asked <= each.start <= each.end for each in holds)


def test_the_levels_of_a_queue() -> None:
    """Every change of a queue's length, with its time; the limit is its maxsize."""

    async def producer(queue: asyncio.Queue[int]) -> None:
        for number in range(3):
            await queue.put(number)
            await asyncio.sleep(1)

    async def main() -> None:
        queue = asyncio.Queue[int](2)
        task = child(producer(queue), "producer")
        await asyncio.sleep(1.5)
        for _ in range(3):
            await queue.get()
        await task

    recording = record(main)
    levels = recording.trace.levels

    assert recording.resources() == [("Queue", 2)]
    assert list(levels.resource) == [0] * 6
    assert [(t / 1e9, level) for t, level in zip(levels.t_ns, levels.level, strict=True)] == [
        (0, 1),
        (1, 2),
        (1.5, 1),
        (1.5, 0),
        (2, 1),
        (2, 0),
    ]


def test_an_unbounded_queue() -> None:
    """It has no limit, whatever its kind."""

    async def main() -> None:
        for queue in (asyncio.Queue[int](), asyncio.LifoQueue[int](), asyncio.PriorityQueue[int](5)):
            await queue.put(1)

    assert record(main).resources() == [("Queue", NONE), ("LifoQueue", NONE), ("PriorityQueue", 5)]


def test_a_barrier_and_an_event() -> None:
    """They are resources that nobody holds."""

    async def main() -> None:
        barrier, event = asyncio.Barrier(2), asyncio.Event()

        async def job() -> None:
            await barrier.wait()
            await event.wait()

        tasks = [child(job(), "a")]
        await asyncio.sleep(1)
        tasks.append(child(job(), "b"))
        await asyncio.sleep(1)
        event.set()
        await asyncio.gather(*tasks)

    recording = record(main)

    assert recording.resources() == [("Barrier", 2), ("Event", NONE)]
    assert recording.holds() == []
