"""The condition concept."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]


@pytest.mark.parametrize(
    ("produce", "consume"),
    [
        pytest.param(0.5, 1, id="the producer is faster"),
        pytest.param(1, 0.5, id="the consumer is faster"),
        pytest.param(1, 1, id="both are equally fast"),
        pytest.param(0, 0, id="neither takes any time"),
    ],
)
def test_each_item_is_consumed_once_and_in_order(produce: float, consume: float, run: Run) -> None:
    """Every item is produced once, consumed once, in order, and the length printed is that of the queue."""
    lines, _ = run("condition", items=6, produce=produce, consume=consume)
    queue: list[str] = []
    consumed: list[str] = []
    for line in lines:
        if match := re.fullmatch(r"(Produced|Consumed): (\w+), queue length: (\d+)", line):
            if match[1] == "Produced":
                queue.append(match[2])
            else:
                assert queue.pop(0) == match[2]
                consumed.append(match[2])
            assert len(queue) == int(match[3])
        else:
            assert line == "Queue is empty, waiting..."
            assert not queue
    assert consumed == [f"item_{number}" for number in range(6)]


def test_a_faster_consumer_waits_for_every_item(run: Run) -> None:
    """Where the consumer is faster it finds the queue empty before each item."""
    lines, _ = run("condition", items=3, produce=1, consume=0.5)
    assert lines.count("Queue is empty, waiting...") == 3


def test_a_notification_wakes_one_consumer_of_many(run: Run) -> None:
    """Of three that wait one consumes the item; the others neither run nor find the queue empty a second time."""
    lines, _ = run("condition", items=3, consumers=3)
    assert lines == [
        *["Queue is empty, waiting..."] * 3,
        *("Produced: item_0, queue length: 1", "Consumed: item_0, queue length: 0"),
        *("Produced: item_1, queue length: 1", "Consumed: item_1, queue length: 0"),
        *("Produced: item_2, queue length: 1", "Consumed: item_2, queue length: 0"),
    ]
