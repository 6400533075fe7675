"""The iterator concept."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[list[str], int]]


def test_an_iterator_can_be_iterated_only_once(run: Run) -> None:
    """The second loop over the guide's kind of range gets no value; over an iterable it gets all of them again."""
    lines, _ = run("iterator", again=True, values=2)
    values = ["Value: 0", "Value: 1"]
    assert lines[2:] == [
        *("First loop over the AsyncRangeIterator", *values),
        "Second loop over the AsyncRangeIterator",
        *("First loop over the AsyncRange", *values),
        *("Second loop over the AsyncRange", *values),
    ]


def test_readers_wait_side_by_side(run: Run) -> None:
    """While one task waits for its next value the others wait for theirs: three take no longer than one."""
    lines, took_ns = run("iterator", readers=3, values=2)
    assert lines == [*["Value: 0"] * 3, *["Value: 1"] * 3]
    assert took_ns == 200_000_000
