"""The context-manager concept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., tuple[list[str], int]]

CONNECTING = "Connecting to database mydb..."
CONNECTED = [CONNECTING, "Database connection successful", "Executing query: SELECT * FROM users"]
QUERIED = [*CONNECTED, "Query results: [{'id': 1, 'name': 'test'}]"]
CLOSING = "Closing database connection..."
CLOSED = "Database connection closed"
DROPPED = "Timed out, the connection is now: None"
LEFT_OPEN = "Timed out, the connection is now: Connection to mydb"
EXITED = "Context exited"

with_and_without_guide = pytest.mark.parametrize(
    ("guide", "connection"),
    [pytest.param(False, DROPPED, id="ours"), pytest.param(True, LEFT_OPEN, id="the guide's")],
)


@with_and_without_guide
def test_a_timeout_while_entering_closes_nothing(guide: bool, connection: str, run: Run) -> None:
    """`__aexit__` is not called; only an `__aenter__` that drops the connection itself leaves none behind."""
    lines, took_ns = run("context-manager", cancel_during="enter", guide=guide)
    assert lines == [CONNECTING, connection, EXITED]
    assert took_ns == 500_000_000


@pytest.mark.parametrize("guide", [False, True])
def test_a_timeout_within_the_block_closes_the_connection(guide: bool, run: Run) -> None:
    """`__aexit__` is called and takes its time, and the timeout comes out after that."""
    lines, took_ns = run("context-manager", cancel_during="query", guide=guide)
    assert lines == [*CONNECTED, CLOSING, CLOSED, DROPPED, EXITED]
    assert took_ns == 1_650_000_000


@with_and_without_guide
def test_a_timeout_while_exiting_interrupts_the_closing(guide: bool, connection: str, run: Run) -> None:
    """The connection never says that it is closed; only an `__aexit__` that drops it leaves none behind."""
    lines, took_ns = run("context-manager", cancel_during="exit", guide=guide)
    assert lines == [*QUERIED, CLOSING, connection, EXITED]
    assert took_ns == 1_550_000_000
