"""How much a thread has computed, told from the time in which it slept or queued."""

from __future__ import annotations

import asyncio
import sys

import pytest

from asyncdemo.findings.stalls import COMPUTING
from asyncdemo.recorder.thread_time import ThreadTime
from tests.recorder.recordings import REAL_LOOPS, named, record


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> ThreadTime:
    """A thread that computes half of the time, looked at from time 0 on."""
    monkeypatch.setattr(ThreadTime, "look", lambda _, now: (now, now / 2))
    return ThreadTime()


def test_nothing_is_known_before_the_first_look(thread: ThreadTime) -> None:
    """Neither before anybody has looked, nor when the first look was during the step."""
    assert thread.before(1) is None
    thread.meet(2, 1)
    assert thread.before(1) is None


def test_the_last_look_before_a_step(thread: ThreadTime) -> None:
    """It is the one that counts, however many there are during the step itself."""
    thread.meet(1, 0.5)
    thread.meet(2, 0.5)
    assert thread.before(3) == (2, 1)
    for moment in 3.25, 3.5:
        thread.meet(moment, 3)
        assert thread.before(3) == (2, 1)
    thread.meet(4, 3)
    assert thread.before(4) == (4, 2)


def test_another_thread_is_another_matter(thread: ThreadTime) -> None:
    """What was seen of one says nothing of the other."""
    thread.meet(1, 0.5)
    thread.meet(2, 1.5)
    thread.follow(7)
    assert (thread.thread, thread.before(3), thread.before(1.5)) == (7, None, None)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@pytest.mark.parametrize("loop", REAL_LOOPS)
def test_calls_that_keep_the_interpreter(loop: str) -> None:
    """That they compute is known of each, wherever in it the loop was looked at, though nobody sees the line."""

    async def main() -> None:
        named("main")
        for pause in range(8):
            await asyncio.sleep(0.04 + pause * 0.003)
            sum(range(10_000_000))

    stalls = record(main, loop).trace.stalls

    assert len(stalls) == 8
    assert min(stalls.computed) >= COMPUTING
