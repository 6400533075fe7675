"""A concept that is cancelled ends, at whatever moment that is: Ctrl+C, a time-out and a fault all count on it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import warnings
from importlib import import_module

import pytest

from asyncdemo import catalog
from tests.concepts.conftest import runnable
from tests.servers.conftest import CONCEPTS, server_of

PATIENCE_S = 20
MOMENTS = range(0, 60, 4)
"""Turns of the loop after which it is cancelled: while it connects, and when it has begun."""
ON_ASYNCIO = [runnable(each) for each in CONCEPTS if each.library != "trio"]


async def cancelled_after(turns: int, name: str, url: str) -> None:
    """Runs a concept for some turns of the loop, and then until it has ended."""
    task = asyncio.create_task(import_module(catalog.find(name).module).main(url=url))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    _, pending = await asyncio.wait([task], timeout=PATIENCE_S)
    assert not pending, f"cancelled after {turns} turns it goes on"
    with contextlib.suppress(asyncio.CancelledError, Exception):
        task.result()


@pytest.mark.parametrize("name", ON_ASYNCIO)
def test_it_ends_when_it_is_cancelled(name: str, servers_at_work: dict[str, str]) -> None:
    """Whatever its library is at; that it leaves a connection to the end of the process is another matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for turns in MOMENTS:
            asyncio.run(cancelled_after(turns, name, servers_at_work[server_of(name).name]))
        gc.collect()  # what is left behind warns when it goes
