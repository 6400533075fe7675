"""The semaphore concept."""

from __future__ import annotations

from collections.abc import Callable


def test_slots_are_given_in_order_and_never_more_than_the_limit(
    run: Callable[..., tuple[list[str], int]],
) -> None:
    """Tasks acquire in the order in which they asked, and at no time do more than `limit` hold a slot."""
    lines, _ = run("semaphore", tasks=20, limit=4, hold=1)
    acquired = [int(line.split()[1]) for line in lines if line.endswith("acquired resource")]
    held, peak = 0, 0
    for line in lines[:-1]:
        held += 1 if "acquired" in line else -1
        peak = max(peak, held)
    assert acquired == list(range(20))
    assert (peak, held) == (4, 0)


def test_a_stray_release_raises_the_limit_for_good(run: Callable[..., tuple[list[str], int]]) -> None:
    """A semaphore lets one task more in, in every row from then on; a bounded one refuses the release."""
    lines, took_ns = run("semaphore", stray_release=True, tasks=12, limit=3)
    assert lines[:2] == [
        "BoundedSemaphore: ValueError: BoundedSemaphore released too many times",
        "Semaphore: released once too often",
    ]
    rows = [["Task {} acquired resource"] * 4, ["Task {} released resource"] * 4]
    assert [line.replace(line.split()[1], "{}") for line in lines[2:-1]] == [*rows[0], *rows[1]] * 3
    assert took_ns == 3_000_000_000
