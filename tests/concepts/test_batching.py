"""The batching concept."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from asyncdemo import catalog
from asyncdemo.cli.concept import recorded
from asyncdemo.recorder import VirtualClock

Run = Callable[..., tuple[list[str], int]]


def test_each_batch_waits_for_its_slowest_item(run: Run) -> None:
    """Ten batches take ten times their slowest item; a semaphore is done as soon as there is room."""
    lines, _ = run("batching", slow=5, pause=0)
    assert lines == [
        "Through a semaphore, time: 1.40 seconds, context switches: 2901",
        "In batches, time: 5.00 seconds, context switches: 2020",
    ]


def test_batches_do_not_reduce_context_switching(run: Run) -> None:
    """Everything in one batch, which is all at once, switches less often than ten batches do: 2,002 against 2,020."""
    in_batches, _ = run("batching", pause=0)
    all_at_once, _ = run("batching", pause=0, batch=1000)
    assert "In batches, time: 1.00 seconds, context switches: 2020" in in_batches
    assert "In batches, time: 0.10 seconds, context switches: 2002" in all_at_once


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"items": 200, "batch": 20}, id="alike"),
        pytest.param({"items": 95, "batch": 10, "slow": 7.5, "pause": 0}, id="slow items and a small last batch"),
        pytest.param({"items": 5, "batch": 100}, id="less than a batch"),
    ],
)
def test_the_switches_that_it_counts_are_the_steps_that_tasks_make(params: dict[str, float]) -> None:
    """A step more for the start of the main task and of each way, and one for the main task's end: no others."""
    result, fault = recorded(catalog.find("batching"), params, VirtualClock(), "asyncio", seed=None, title="batching")
    assert (result.exit_code, fault) == (0, None)
    trace = result.trace
    printed = [trace.text(text) for text in trace.lines.text]
    switches = [int(match[1]) for line in printed if (match := re.search(r"switches: (\d+)$", line))]
    assert len(switches) == 2
    assert len(trace.steps.task) == sum(switches) + 4
