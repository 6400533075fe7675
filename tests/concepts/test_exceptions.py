"""The exceptions concept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]


@pytest.mark.parametrize("fail", [1, 2, 3])
def test_each_way_treats_the_other_tasks_in_its_own_manner(fail: int, run: Run) -> None:
    """Collecting keeps their results, plain gather lets them run on to their end, and a group cancels them."""
    lines, _ = run("exceptions", fail=fail)
    failed = f"Task {fail} failed"

    def states(others: str) -> str:
        return ", ".join("failed" if number == fail else others for number in (1, 2, 3))

    results = [failed if number == fail else f"Task {number} succeeded" for number in (1, 2, 3)]
    assert lines == [
        *(f"Task {i} {'exception' if text == failed else 'result'}: {text}" for i, text in enumerate(results)),
        f"gather raised: {failed}",
        f"  tasks: {states('still running')}",
        f"  in the end: {states('succeeded')}",
        f"TaskGroup raised: {failed}",
        f"  tasks: {states('cancelled')}",
    ]


def test_a_cancelled_task_is_no_exception_and_no_result(run: Run) -> None:
    """`isinstance(result, Exception)` alone would miss the cancelled task; the concept names it."""
    lines, _ = run("exceptions", cancel=3)
    assert lines[:3] == [
        "Task 0 result: Task 1 succeeded",
        "Task 1 exception: Task 2 failed",
        "Task 2 cancelled, isinstance(result, Exception): False",
    ]


def test_a_cancelled_task_does_not_fail_any_more(run: Run) -> None:
    """The task that would have failed is cancelled before, in the first round alone."""
    lines, _ = run("exceptions", fail=2, cancel=2)
    assert lines[1] == "Task 1 cancelled, isinstance(result, Exception): False"
    assert lines[3:5] == ["gather raised: Task 2 failed", "  tasks: still running, failed, still running"]
