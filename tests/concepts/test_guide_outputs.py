"""The guide's Output blocks: what it prints as the output of a listing, the concept of that listing prints as well."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from asyncdemo import catalog

Run = Callable[..., tuple[list[str], int]]

OUTPUTS = {
    "gather": """
        Starting to fetch data 1
        Data 1 fetch complete
        Starting to fetch data 2
        Data 2 fetch complete
        Serial execution time: 4.00 seconds
        Starting to fetch data 3
        Starting to fetch data 4
        Starting to fetch data 5
        Data 3 fetch complete
        Data 4 fetch complete
        Data 5 fetch complete
        Concurrent execution time: 2.00 seconds
        Results: ['data_3', 'data_4', 'data_5']
    """,
    "tasks": """
        Tasks created, doing other things...
        Task 1 starting processing
        Task 2 starting processing
        Task 2 processing complete
        Task 1 processing complete
        Results: Task 1_result, Task 2_result
    """,
    "context-manager": """
        Connecting to database mydb...
        Database connection successful
        Executing query: SELECT * FROM users
        Query results: [{'id': 1, 'name': 'test'}]
        Closing database connection...
        Database connection closed
        Context exited
    """,
    "callbacks": """
        Task complete, result: 20
        Task complete, result: 40
        Result obtained via done_callback: 40
    """,
    "lock": """
        Task 0 acquired lock
        Task 0 released lock, current value: 1
        Task 1 acquired lock
        Task 1 released lock, current value: 2
        Task 2 acquired lock
        Task 2 released lock, current value: 3
        Task 3 acquired lock
        Task 3 released lock, current value: 4
        Task 4 acquired lock
        Task 4 released lock, current value: 5
        Final value: 5
    """,
    "event": """
        Task 1 waiting for event...
        Task 2 waiting for event...
        Task 3 waiting for event...
        Triggering event
        Task 1 received event, starting execution
        Task 2 received event, starting execution
        Task 3 received event, starting execution
    """,
    "priority-queue": """
        Processing: High priority (Priority: 1)
        Processing: Medium priority (Priority: 2)
        Processing: Low priority (Priority: 3)
    """,
    "exceptions": """
        Task 0 result: Task 1 succeeded
        Task 1 exception: Task 2 failed
        Task 2 result: Task 3 succeeded
    """,
    "contextvars": """
        [req-001] [Alice] Starting to process request
        [req-002] [Bob] Starting to process request
        [req-003] [Charlie] Starting to process request
        [req-001] [Alice] Processing complete
        [req-002] [Bob] Processing complete
        [req-003] [Charlie] Processing complete
    """,
}
"""Of each concept what the guide shows, but for the condition, whose block cannot be."""

IMPOSSIBLE = """
    Queue is empty, waiting...
    Produced: item_0, queue length: 1
    Consumed: item_0, queue length: 0
    Produced: item_1, queue length: 1
    Produced: item_1, queue length: 0
    Consumed: item_2, queue length: 1
    Produced: item_3, queue length: 2
    Consumed: item_2, queue length: 1
    Produced: item_4, queue length: 2
    Consumed: item_3, queue length: 1
    Consumed: item_4, queue length: 0
"""


def shown(block: str) -> list[str]:
    """The lines of a block."""
    return [line.strip() for line in block.strip().splitlines()]


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_concept_prints_what_the_guide_shows(name: str, run: Run) -> None:
    """The default run prints the block's lines in that order, times included, and whatever it adds after them."""
    lines, _ = run(name)
    assert lines[: len(shown(OUTPUTS[name]))] == shown(OUTPUTS[name])


def test_the_output_that_cannot_be_is_put_right(run: Run) -> None:
    """The condition prints the same kinds of lines, each item produced and consumed once, and `show` says why."""
    lines, _ = run("condition")
    kinds = [sorted(re.sub(r"\d", "N", line) for line in each) for each in (lines, shown(IMPOSSIBLE))]
    assert kinds[0] == kinds[1]
    assert lines != shown(IMPOSSIBLE)
    for done in ("Produced", "Consumed"):
        assert [line.split()[1] for line in lines if line.startswith(done)] == [f"item_{n}," for n in range(5)]
    assert any("cannot happen" in each for each in catalog.find("condition").corrections)
