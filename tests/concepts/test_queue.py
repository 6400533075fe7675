"""The queue concept."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]


def items(lines: list[str], done: str) -> list[str]:
    """The items that were `produced` or `consumed`, in order."""
    return [match[1] for line in lines if (match := re.fullmatch(rf"\w+ \d+ {done}: (.+)", line))]


@pytest.mark.parametrize("size", [0, 1, 10])
@pytest.mark.parametrize("spread", [0, 0.4])
@pytest.mark.parametrize(("producers", "consumers"), [(1, 1), (1, 4), (4, 1), (2, 3)])
def test_every_item_is_consumed_once_and_in_order(
    producers: int, consumers: int, spread: float, size: int, run: Run
) -> None:
    """`join()` and then `cancel()` loses nothing, however long anybody takes and however small the queue is."""
    lines, _ = run("queue", items=6, producers=producers, consumers=consumers, spread=spread, size=size)
    consumed = items(lines, "consumed")
    assert sorted(consumed) == sorted(items(lines, "produced"))
    for producer in range(producers):
        own = [item for item in consumed if item.startswith(f"P{producer}-")]
        assert own == [f"P{producer}-Item{number}" for number in range(6)]


def test_a_full_queue_holds_producers_back(run: Run) -> None:
    """With room for one item and a slow consumer, no more than one item at a time is produced and not yet taken."""
    lines, _ = run("queue", size=1, consumers=1, consume=5, items=4)
    ahead = peak = 0
    for line in lines:
        ahead += 1 if "produced" in line else -1
        peak = max(peak, ahead)
    assert (ahead, peak) == (0, 1)
    assert lines[-1] == "Consumer 0 consumed: P1-Item3"


def test_the_listing_of_the_guide_hangs(run: Run) -> None:
    """All items are consumed and yet `join()` waits: for each `None`, until the listing is stopped."""
    lines, took_ns = run("queue", guide=True)
    assert len(items(lines, "consumed")) == 10
    assert lines[-1] == "Stopped after 3 seconds: join() hangs, for the queue still holds [None, None]"
    assert took_ns == 3_000_000_000


def test_the_listing_of_the_guide_loses_items(run: Run) -> None:
    """The `None` of the producer that is done first ends all consumers; what the other one puts stays in the queue."""
    lines, took_ns = run("queue", guide=True, spread=0.4, items=4)
    lost = set(items(lines, "produced")) - set(items(lines, "consumed"))
    assert lost == {"P1-Item3"}
    assert lines[-1] == "Stopped after 3 seconds: join() hangs, for the queue still holds [None, 'P1-Item3', None]"
    assert took_ns == 3_000_000_000
