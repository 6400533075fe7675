"""The contextvars concept."""

from __future__ import annotations

from collections.abc import Callable


def test_a_plain_await_leaks_into_the_caller(run: Callable[..., tuple[list[str], int]]) -> None:
    """Without tasks the requests run one by one in the main task's context, which keeps what the last one set."""
    lines, took_ns = run("contextvars", plain_await=True)
    assert lines == [
        "[req-001] [Alice] Starting to process request",
        "[req-001] [Alice] Processing complete",
        "[req-002] [Bob] Starting to process request",
        "[req-002] [Bob] Processing complete",
        "[req-003] [Charlie] Starting to process request",
        "[req-003] [Charlie] Processing complete",
        "[req-003] [Charlie] Back in the main task",
    ]
    assert took_ns == 1_500_000_000
