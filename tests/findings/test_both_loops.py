"""The classic faults are named with their line in real time, on both loops; `test_check` has those that hang."""

from __future__ import annotations

import pytest

from tests.findings.programs import FOLDER, Fault, findings, marked, recorded

FAULTS = (
    "ad101_faulty_a_sleep",
    "ad102_faulty_a_sum",
    "ad103_faulty_a_crunchers",
    "ad104_faulty_a_squares",
    "ad105_faulty_b_thread",
    "ad201_faulty_a_forgotten",
    "ad202_faulty_a_fire_and_forget",
    "ad203_faulty_a_future",
    "ad204_faulty_a_background",
    "ad205_faulty_a_loop",
    "ad206_faulty_c_task",
    "ad207_faulty_c_group",
    "ad401_faulty_a_row",
    "ad501_faulty_a_sleep",
    "ad504_faulty_a_fast",
)


@pytest.mark.filterwarnings("ignore:.*never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("name", FAULTS)
def test_real_runs_are_diagnosed(name: str, loop: str) -> None:
    """The marked fault is among the findings of a run in real time."""
    path = FOLDER / f"{name}.py"
    assert set(marked(path)) <= {Fault(each.rule, each.line) for each in findings(recorded(path, loop))}
