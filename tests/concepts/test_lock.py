"""The lock concept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]


def test_without_the_lock_updates_are_lost(run: Run) -> None:
    """Where each task awaits between read and write, all read 0, and five increments give 1."""
    lines, took_ns = run("lock", no_lock=True)
    assert lines == [*(f"Task {number} done without lock, current value: 1" for number in range(5)), "Final value: 1"]
    assert took_ns == 100_000_000


def test_an_await_that_takes_no_time_loses_updates_as_well(run: Run) -> None:
    """What matters is that other tasks run between read and write, not for how long."""
    lines, took_ns = run("lock", no_lock=True, hold=0)
    assert (lines[-1], took_ns) == ("Final value: 1", 0)


@pytest.mark.parametrize("no_lock", [True, False])
def test_without_an_await_nothing_is_lost(no_lock: bool, run: Run) -> None:
    """A task that does not await between read and write needs no lock: five increments give 5."""
    lines, took_ns = run("lock", no_await=True, no_lock=no_lock)
    assert (lines[-1], took_ns) == ("Final value: 5", 0)


def test_a_task_that_asks_for_its_own_lock_waits_for_itself(run: Run) -> None:
    """A lock is not reentrant: the second request of its holder is never granted, and the timeout ends it."""
    lines, took_ns = run("lock", reenter=True, tasks=2, hold=1)
    assert lines[-2:] == ["Final value: 2", "A task that held the lock asked for it again, in vain"]
    assert took_ns == 3_000_000_000
