"""The blocking concept."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[list[str], int]]


def test_blocking_calls_add_up_and_the_ticker_misses_them_all(run: Run) -> None:
    """However many tasks block, the time is their sum and the ticker is silent all along; waiting takes that of one."""
    lines, _ = run("blocking", jobs=20, block=0.5)
    assert lines == [
        "bad_sleep, total time: 10.00 seconds",
        "bad_sleep, the ticker's longest silent time: 10.00 seconds",
        "good_sleep, total time: 0.50 seconds",
        "good_sleep, the ticker's longest silent time: 0.10 seconds",
    ]
