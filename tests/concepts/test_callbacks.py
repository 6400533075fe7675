"""The callbacks concept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]

FIRST = "Task complete, result: 20"


@pytest.mark.parametrize("guide", [False, True])
def test_an_error_reaches_both_callbacks(guide: bool, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """The task awaits `on_error`, and the done callback finds the error in the task."""
    lines, took_ns = run("callbacks", fail=True, guide=guide)
    assert lines == [FIRST, "Task failed, error: cannot double 20", "Task exception: cannot double 20"]
    assert took_ns == 2_000_000_000
    assert caplog.messages == []


def test_a_cancelled_task_is_recognised(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """No callback is awaited, and the done callback asks before it takes a result."""
    lines, took_ns = run("callbacks", cancel=True)
    assert lines == [FIRST, "Task was cancelled"]
    assert took_ns == 1_500_000_000
    assert caplog.messages == []


def test_the_guides_callback_misses_a_cancellation(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """Its `except Exception` lets the `CancelledError` pass, and the loop logs it; the program goes on."""
    lines, took_ns = run("callbacks", cancel=True, guide=True)
    assert lines == [FIRST]
    assert took_ns == 1_500_000_000
    (message,) = caplog.messages
    assert message.startswith("Exception in callback guide_callback(")
