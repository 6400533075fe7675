"""A fixed amount of arithmetic, and nothing at all: what the harness of `bench` is measured with."""

from __future__ import annotations


async def main(turns: int = 0) -> None:
    """Add up squares, so many of them."""
    total = 0
    for number in range(turns):
        total += number * number
