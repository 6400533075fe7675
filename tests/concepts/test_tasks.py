"""The tasks concept."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]

HAS_EAGER = sys.version_info >= (3, 12)
CREATED = "Tasks created, doing other things..."
TASK_1 = "Task 1 starting processing"
TASK_2 = "Task 2 starting processing"
ENDS = ["Task 2 processing complete", "Task 1 processing complete", "Results: Task 1_result, Task 2_result"]
ENDS_CANCELLED = ["Task 2 processing complete", "Results: cancelled, Task 2_result"]


def test_a_task_cancelled_before_it_starts_never_runs_its_body(run: Run) -> None:
    """Task 1 prints nothing at all, and only Task 2 is waited for."""
    lines, took_ns = run("tasks", cancel=True)
    assert lines == [CREATED, TASK_2, *ENDS_CANCELLED]
    assert took_ns == 1_000_000_000


@pytest.mark.skipif(not HAS_EAGER, reason="eager tasks came with Python 3.12")
def test_eager_tasks_start_while_they_are_made(run: Run) -> None:
    """Both tasks have started before the main task goes on, and everything takes as long as ever."""
    lines, took_ns = run("tasks", eager=True)
    assert lines == [TASK_1, TASK_2, CREATED, *ENDS]
    assert took_ns == 2_000_000_000


@pytest.mark.skipif(not HAS_EAGER, reason="eager tasks came with Python 3.12")
def test_an_eager_task_is_cancelled_after_its_start(run: Run) -> None:
    """Task 1 has printed its first line when it is cancelled, and never prints its second."""
    lines, _ = run("tasks", eager=True, cancel=True)
    assert lines == [TASK_1, TASK_2, CREATED, *ENDS_CANCELLED]


@pytest.mark.skipif(HAS_EAGER, reason="Python 3.11 has no eager tasks")
def test_a_python_without_eager_tasks_says_so(run: Run) -> None:
    """The tasks start as they do without the option."""
    lines, _ = run("tasks", eager=True)
    assert lines == ["Eager tasks need Python 3.12, so these start as always", CREATED, TASK_1, TASK_2, *ENDS]


def test_a_task_that_nobody_holds_is_collected(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """Task 3 starts, waits, and is gone with the next garbage; asyncio logs it, and the other tasks go on."""
    lines, took_ns = run("tasks", forget=True)
    assert lines == [
        CREATED,
        TASK_1,
        TASK_2,
        "Task 3 waiting for an event that nobody else knows",
        "Task 3 was collected as garbage",
        *ENDS,
    ]
    assert took_ns == 2_000_000_000
    (message,) = caplog.messages
    assert message.startswith("Task was destroyed but it is pending!")
    assert "name='Task 3'" in message
