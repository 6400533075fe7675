"""The fan-out concept."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[list[str], int]]


def test_awaiting_in_the_loop_is_the_cost_and_creating_is_not(run: Run) -> None:
    """300 tasks of 10 ms take 3 s one by one; created in a loop they take no time, and gathered that of one."""
    lines, _ = run("fan-out", tasks=300, delay=0.01)
    assert lines == [
        "Created and awaited one by one, time: 3.000 seconds",
        "Created in a loop, time: 0.000 seconds",
        "Created in a loop and gathered, time: 0.010 seconds",
    ]
