"""The throttle concept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]


@pytest.mark.parametrize(
    ("tasks", "limit", "peak"),
    [
        pytest.param(25, 7, 7, id="more tasks than slots"),
        pytest.param(7, 7, 7, id="a slot for each task"),
        pytest.param(3, 7, 3, id="more slots than tasks"),
    ],
)
def test_all_tasks_exist_and_at_most_the_limit_works(tasks: int, limit: int, peak: int, run: Run) -> None:
    """Every task is created before the first one works; of them never more than the semaphore admits work at once."""
    lines, _ = run("throttle", tasks=tasks, limit=limit, hold=1)
    assert lines[:2] == [f"Created {tasks} tasks", f"Never more than {peak} worked at once"]
