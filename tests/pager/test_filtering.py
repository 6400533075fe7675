"""Which tasks a filter shows."""

from __future__ import annotations

import pytest

from tests.pager.recorded import CROWD, JOBS, Looking
from tests.traces import TraceBuilder, ns, semaphore


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", ["main", "producer", "consumer-1", "consumer-2", "consumer-3"], id="nothing"),
        pytest.param("consumer", ["consumer-1", "consumer-2", "consumer-3"], id="a name"),
        pytest.param("CONSUMER Luck", ["consumer-2"], id="two words, any case"),
        pytest.param("produce", ["producer"], id="a coroutine"),
        pytest.param("failed", ["consumer-2"], id="how it ended"),
        pytest.param("luck", ["consumer-2"], id="what ended it"),
        pytest.param("queue.get", ["consumer-1", "consumer-2", "consumer-3"], id="what it waited for"),
        pytest.param("app.py:20", ["producer", "consumer-1", "consumer-2", "consumer-3"], id="where it waited"),
        pytest.param("wait:tasks", ["main"], id="a wait alone"),
        pytest.param("name:2", ["consumer-2"], id="a name alone"),
        pytest.param("name:queue", [], id="a wait is no name"),
        pytest.param("state:cancelled", ["consumer-3"], id="an outcome"),
        pytest.param("state:waiting", ["main", "consumer-2", "consumer-3"], id="at the moment"),
        pytest.param("state:sleep consumer", ["consumer-1"], id="the beginning of a state, and a name"),
        pytest.param("state:running", ["producer"], id="what runs at the moment"),
        pytest.param("state:", [], id="no state"),
        pytest.param("state:purple", [], id="no such state"),
        pytest.param("nobody", [], id="no such word"),
    ],
)
def test_a_filter(text: str, found: list[str]) -> None:
    """All words have to fit, each wherever it may."""
    screen = Looking(JOBS()).screen
    assert [screen.names[task] for task in screen.filter.matching(text, ns(19.5))] == found


def test_a_numbered_task_is_found_by_what_its_lane_says() -> None:
    """`fetch-17` is the seventeenth task, which has no name of its own."""
    screen = Looking(CROWD()).screen
    assert list(screen.filter.matching("fetch-17", 0)) == [16, *range(169, 179)]


def test_holding_and_timing_out() -> None:
    """States that need more than an outcome."""
    screen = Looking(semaphore()).screen
    held = screen.filter.matching("state:holding", ns(50))
    assert held
    assert all("job" in screen.names[task] for task in held)
    builder = TraceBuilder()
    builder.task("slow", 0, 5, outcome=2, error="TimeoutError")  # type: ignore[arg-type]
    builder.task("bad", 0, 5, outcome=2, error="KeyError: 'x'")  # type: ignore[arg-type]
    assert list(Looking(builder.build()).screen.filter.matching("state:timeout", 0)) == [0]


def test_nothing_found_is_said() -> None:
    """With the words that were looked for, and how many of how many are shown."""
    looking = Looking(JOBS())
    looking.view.show([])
    looking.showing = looking.showing.__class__(filtered="purple")
    assert "No task fits 'purple'." in looking.text()
    looking.view.show([2, 3])
    assert "2 of 5 tasks" in looking.lines()[0]
