"""The decorators concept."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from asyncdemo.concepts.basics.decorators import async_retry

Run = Callable[..., tuple[list[str], int]]


def failed(attempt: int, error: str = "API call failed") -> str:
    """What is printed about an attempt that is followed by another one."""
    return f"Attempt {attempt} failed: {error}, retrying in 0.5 seconds..."


def took(seconds: str) -> str:
    """What the timer prints."""
    return f"unstable_api_call took: {seconds} seconds"


def test_a_call_is_repeated_until_it_succeeds(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third attempt has luck, and the time is that of all attempts and the delays between them."""
    monkeypatch.setattr(random, "random", iter([0.95, 0.9, 0.89]).__next__)
    lines, took_ns = run("decorators", attempts=10)
    assert lines == [failed(1), failed(2), took("2.50"), "Result: Success"]
    assert took_ns == 2_500_000_000


def test_a_call_that_fails_in_the_end_is_timed_as_well(run: Run) -> None:
    """After the last attempt its error comes out at once, and the timer has told its time."""
    lines, took_ns = run("decorators", success_rate=0)
    assert lines == [failed(1), failed(2), took("2.50"), "Final failure: API call failed"]
    assert took_ns == 2_500_000_000


def test_a_bug_comes_out_of_the_first_attempt(run: Run) -> None:
    """A TypeError is not what a retry is for."""
    lines, took_ns = run("decorators", bug="raised")
    assert lines == [took("0.50"), "Final failure: bug in the API call"]
    assert took_ns == 500_000_000


def test_the_guide_retries_a_bug(run: Run) -> None:
    """A retry after every exception makes three attempts at what cannot succeed."""
    lines, took_ns = run("decorators", bug="retried")
    bug = "bug in the API call"
    assert lines == [failed(1, bug), failed(2, bug), took("2.50"), f"Final failure: {bug}"]
    assert took_ns == 2_500_000_000


@pytest.mark.parametrize("attempts", [0, 1])
def test_there_always_is_one_attempt(attempts: int) -> None:
    """With no attempts at all a call is made nevertheless, and its result is not None."""

    async def call() -> str:
        return "called"

    async def main() -> None:
        assert await async_retry(attempts, 0, ConnectionError, call)() == "called"

    asyncio.run(main())
