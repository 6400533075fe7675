"""The taskgroup concept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]


@pytest.mark.parametrize("fail", [1, 2, 3])
def test_a_failing_task_cancels_its_siblings(fail: int, run: Run) -> None:
    """The failure comes half-way, the two others are cancelled at once, in any order, and one exception is caught."""
    lines, took_ns = run("taskgroup", fail=fail)
    siblings = {f"Task {number} cancelled" for number in (1, 2, 3) if number != fail}
    assert set(lines[:2]) == siblings
    assert lines[2:] == ["Caught 1 exceptions", f"  - Task {fail} failed"]
    assert took_ns == 500_000_000


@pytest.mark.parametrize("nested", [False, True], ids=["in one group", "in a group within a group"])
def test_another_type_passes_the_except_clause(nested: bool, run: Run) -> None:
    """A TypeError is not caught by `except* ValueError`, and its siblings are cancelled all the same."""
    lines, took_ns = run("taskgroup", fail=3, type_error=True, nested=nested)
    failing = "Task 3.1" if nested else "Task 3"
    assert lines[-1] == f"Passed except* ValueError: [TypeError('{failing} failed')]"
    assert {"Task 1 cancelled", "Task 2 cancelled"} <= set(lines)
    assert took_ns == 500_000_000


def test_a_nested_group_ends_with_its_task(run: Run) -> None:
    """Without a failure all tasks end at one time, those of the inner group before the task that made it."""
    lines, took_ns = run("taskgroup", nested=True)
    assert set(lines[:-1]) == {f"{name} complete" for name in ("Task 1", "Task 2", "Task 3.1", "Task 3.2")}
    assert lines[-1] == "All tasks completed successfully"
    assert took_ns == 1_000_000_000


def test_a_failure_outside_cancels_the_tasks_of_a_nested_group(run: Run) -> None:
    """The task with a group of its own is cancelled, and so is every task of that group."""
    lines, _ = run("taskgroup", fail=1, nested=True)
    assert set(lines[:3]) == {f"{name} cancelled" for name in ("Task 2", "Task 3.1", "Task 3.2")}
    assert lines[3:] == ["Caught 1 exceptions", "  - Task 1 failed"]


def test_a_failure_in_a_nested_group_cancels_all_others(run: Run) -> None:
    """Its sibling first, then the tasks of the outer group; one exception comes out, from within both groups."""
    lines, _ = run("taskgroup", fail=3, nested=True)
    assert lines[0] == "Task 3.2 cancelled"
    assert set(lines[1:3]) == {"Task 1 cancelled", "Task 2 cancelled"}
    assert lines[3:] == ["Caught 1 exceptions", "  - Task 3.1 failed"]
