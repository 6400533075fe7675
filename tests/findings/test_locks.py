"""How long others waited for a lock while its holder did, for any number of them."""

from __future__ import annotations

import asyncio
import random

import pytest

from asyncdemo.findings.facts import Facts
from asyncdemo.findings.locks import SLOW, held
from asyncdemo.recorder import Recorder, VirtualClock
from asyncdemo.trace import Trace

MS = 1_000_000


def recorded(seed: int) -> Trace:
    """Tasks that take two locks at random, and wait within."""
    chance = random.Random(seed)

    async def job(locks: list[asyncio.Lock]) -> None:
        for _ in range(chance.randint(1, 6)):
            await asyncio.sleep(chance.choice([0, 0, 0.01, 0.02, 0.05]))
            async with chance.choice(locks):
                for _ in range(chance.randint(0, 3)):
                    await asyncio.sleep(chance.choice([0, 0.01, 0.03]))

    async def main() -> None:
        locks = [asyncio.Lock(), asyncio.Lock()]
        await asyncio.gather(*(job(locks) for _ in range(chance.randint(2, 15))))

    clock = VirtualClock()
    with clock.installed(), Recorder(clock=clock) as recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as own:
        own.run(main())
    return recorder.stop()


def looked_up(trace: Trace) -> dict[tuple[int, int], tuple[int, int]]:
    """By lock and end of a hold how many waited and how long, each request looked at by itself."""
    facts, holds, found = Facts(trace), trace.holds, dict[tuple[int, int], tuple[int, int]]()
    rows = list(zip(holds.resource, holds.asked_ns, holds.from_ns, holds.to_ns, holds.task, strict=True))
    for resource, _, start, end, task in rows:
        others = [each for each in rows if each[0] == resource and each[1] < end <= each[2] > each[1]]
        waits = [
            (max(begun, start), min(over, end))
            for begun, over, wait, _ in facts.waits_of(task)
            if facts.kind(wait) in SLOW and begun < end and over > start
        ]
        blocked = sum(max(0, over - max(begun, each[1])) for begun, over in waits for each in others)
        if blocked:
            found[resource, end] = len(others), blocked
    return found


def test_each_of_those_in_line_counts() -> None:
    """Of three that hold a lock for 100 ms the first keeps two from it for so long, and the second one."""

    async def job(lock: asyncio.Lock) -> None:
        async with lock:
            await asyncio.sleep(0.1)

    async def main() -> None:
        lock = asyncio.Lock()
        await asyncio.gather(*(job(lock) for _ in range(3)))

    clock = VirtualClock()
    with clock.installed(), Recorder(clock=clock) as recorder, asyncio.Runner(loop_factory=clock.new_event_loop) as own:
        own.run(main())
    found = held(Facts(recorder.stop()))
    assert [(each.others, each.blocked_ns // MS) for each in found] == [(2, 200), (1, 100)]


@pytest.mark.parametrize("seed", range(20))
def test_sums_are_what_looking_at_each_gives(seed: int) -> None:
    """The sums over sorted requests are those of the requests one by one, in programs made at random."""
    trace = recorded(seed)
    assert {(each.resource, each.to_ns): (each.others, each.blocked_ns) for each in held(Facts(trace))} == looked_up(
        trace
    )
