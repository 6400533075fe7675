"""The thread-safety concept, with a real thread."""

from __future__ import annotations

import asyncio
import re
from typing import Literal, get_args

import pytest

from asyncdemo.concepts.sync import thread_safety

Primitive = Literal["queue", "event", "lock", "semaphore"]

REFUSED = "RuntimeError: Non-thread-safe operation invoked on an event loop other than the current one"


@pytest.mark.parametrize("primitive", get_args(Primitive))
def test_what_the_thread_does_by_itself_is_seen_when_the_loop_wakes(
    primitive: Primitive, capsys: pytest.CaptureFixture[str]
) -> None:
    """With each primitive the receiver sleeps on, long after the thread has acted, until another timer fires."""
    asyncio.run(thread_safety.main(primitive, after=0.01, silence=0.2, direct=True))
    received = re.search(r"Received after (\d+\.\d+) seconds", capsys.readouterr().out)
    assert received
    assert float(received[1]) >= 0.2


@pytest.mark.parametrize("primitive", get_args(Primitive))
def test_debug_mode_refuses_the_thread(primitive: Primitive, capsys: pytest.CaptureFixture[str]) -> None:
    """In debug mode the thread gets a RuntimeError; it then asks the loop, as it should have done."""
    asyncio.run(thread_safety.main(primitive, after=0.01, silence=0.1, debug=True))
    output = capsys.readouterr().out
    assert REFUSED in output
    assert "Received after" in output


@pytest.mark.parametrize("debug", [False, True])
def test_nobody_is_refused_who_asks_the_loop(debug: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """`call_soon_threadsafe` is right in debug mode as well."""
    asyncio.run(thread_safety.main(after=0.01, silence=0.1), debug=debug)
    output = capsys.readouterr().out
    assert "RuntimeError" not in output
    assert "Received after" in output
