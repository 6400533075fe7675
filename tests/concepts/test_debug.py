"""The debug concept."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]

VARIABLE = "PYTHONASYNCIODEBUG=1: debug mode here False, in a new loop True"
NEVER_AWAITED = ["RuntimeWarning: coroutine 'patient' was never awaited", "  made by: coroutine = patient(1)"]


@pytest.mark.parametrize(
    ("block", "slow"),
    [
        pytest.param(0.09, [], id="below the threshold"),
        pytest.param(0.1, ["Slow step of impatient, time: 0.10 seconds"], id="at the threshold"),
        pytest.param(2, ["Slow step of impatient, time: 2.00 seconds"], id="above the threshold"),
    ],
)
def test_steps_are_reported_from_the_threshold_on(block: float, slow: list[str], run: Run) -> None:
    """The step that blocks is reported when it takes as long, and the task that waits as long never is."""
    lines, _ = run("debug", block=block, threshold=0.1)
    assert lines == [VARIABLE, *slow, *NEVER_AWAITED]


def test_the_variable_counts_only_when_it_is_set_before_the_loop_is_made(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set outside, it turns debug mode on; set inside, it does so for later loops alone."""
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    assert run("debug")[0][0] == VARIABLE.replace("False", "True")
    monkeypatch.delenv("PYTHONASYNCIODEBUG", raising=False)
    assert run("debug")[0][0] == VARIABLE


def test_it_leaves_nothing_behind(run: Run) -> None:
    """Neither the variable nor what it does to asyncio's log outlasts the run."""
    run("debug")
    assert "PYTHONASYNCIODEBUG" not in os.environ
    assert logging.getLogger("asyncio").filters == []
