"""The cancellation concept."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[list[str], int]]


def test_a_task_that_swallows_its_cancellation_goes_on(run: Run) -> None:
    """It starts over, the main task waits for all of it, and the task counts the request but is not cancelled."""
    lines, took_ns = run("cancellation", swallow=True)
    assert lines == [
        "Long Task starting",
        "Cancelling task",
        "Long Task ignores that and starts over",
        "Long Task complete",
        "Task not cancelled, result: done, cancel requests: 1",
    ]
    assert took_ns == 12_000_000_000


def test_a_task_that_has_ended_cannot_be_cancelled(run: Run) -> None:
    """Cancelling comes too late, does nothing, and the task keeps its result."""
    lines, took_ns = run("cancellation", work=1, after=1.5)
    assert lines == [
        "Long Task starting",
        "Long Task complete",
        "Cancelling task",
        "It had ended before: cancel() did nothing",
        "Task not cancelled, result: done, cancel requests: 0",
    ]
    assert took_ns == 1_500_000_000
