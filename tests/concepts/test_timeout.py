"""The timeout concept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]

both_forms = pytest.mark.parametrize("using", ["wait_for", "timeout"])


@both_forms
def test_work_is_cancelled_at_the_limit(using: str, run: Run) -> None:
    """Work of 5 s ends after the 2 s that it may take, with a `TimeoutError`, the builtin one."""
    lines, took_ns = run("timeout", using=using)
    assert lines == ["Task timed out", "Elapsed time: 2.00 seconds"]
    assert took_ns == 2_000_000_000


@both_forms
def test_work_within_the_limit_is_left_alone(using: str, run: Run) -> None:
    """It ends when it is done, with its result."""
    lines, took_ns = run("timeout", using=using, work=1.5)
    assert lines == ["Complete", "Elapsed time: 1.50 seconds"]
    assert took_ns == 1_500_000_000


@both_forms
def test_a_slow_cleanup_is_waited_for(using: str, run: Run) -> None:
    """A timeout of 2 s over work that takes 3 s to clean up ends after 5 s."""
    lines, took_ns = run("timeout", using=using, slow_cleanup=True)
    assert lines == ["Cleaning up...", "Task timed out", "Elapsed time: 5.00 seconds"]
    assert took_ns == 5_000_000_000


@both_forms
def test_blocking_work_cannot_be_timed_out(using: str, run: Run) -> None:
    """A timeout of 2 s over a call that blocks for 3 s ends after 3 s, and the result is there."""
    lines, took_ns = run("timeout", using=using, blocking=True, work=3)
    assert lines == ["Complete", "Elapsed time: 3.00 seconds"]
    assert took_ns == 3_000_000_000
