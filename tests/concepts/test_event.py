"""The event concept."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[list[str], int]]


def test_all_waiters_go_on_in_order(run: Run) -> None:
    """Nobody goes on before the event is set; then all do, in the order in which they came."""
    lines, _ = run("event", waiters=50)
    names = [f"Task {number}" for number in range(1, 51)]
    assert lines == [
        *(f"{name} waiting for event..." for name in names),
        "Triggering event",
        *(f"{name} received event, starting execution" for name in names),
    ]


def test_who_comes_late_does_not_wait(run: Run) -> None:
    """The event stays set: a task that comes afterwards goes on before the next one even starts."""
    lines, took_ns = run("event", waiters=1, late=2)
    assert lines[3:] == [
        "Task 2 waiting for event...",
        "Task 2 received event, starting execution",
        "Task 3 waiting for event...",
        "Task 3 received event, starting execution",
    ]
    assert took_ns == 2_000_000_000
