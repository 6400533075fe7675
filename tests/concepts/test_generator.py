"""The generator concept."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[list[str], int]]

RECEIVED = ["Received: item_0", "Received: item_1"]


def test_a_generator_that_is_left_early_is_closed_at_the_very_end(run: Run) -> None:
    """After `break` its `finally` does not run before the loop is shut down."""
    lines, _ = run("generator", stop=2)
    assert lines == [*RECEIVED, "Doing something else", "Done", "Generator closed"]


def test_aclosing_closes_it_on_leaving_the_loop(run: Run) -> None:
    """With `aclosing` its `finally` runs before anything else goes on."""
    lines, _ = run("generator", stop=2, aclose=True)
    assert lines == [*RECEIVED, "Generator closed", "Doing something else", "Done"]
