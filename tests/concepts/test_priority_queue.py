"""The priority-queue concept."""

from __future__ import annotations

from collections.abc import Callable


def test_equal_priorities_need_a_sequence_number(run: Callable[..., tuple[list[str], int]]) -> None:
    """By priority alone equal items come out in the order of a heap; with a sequence number, as they went in."""
    lines, _ = run("priority-queue", ties=True)
    numbered = lines.index("Priority and sequence number:")
    alone, numbered_too = lines[1:numbered], lines[numbered + 1 :]
    put = [f"Processing: {name} (Priority: 1)" for name in ("First", "Second", "Third", "Fourth", "Fifth")]
    assert alone != put
    assert sorted(alone) == sorted(put)
    assert numbered_too == put
