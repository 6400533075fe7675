"""The thread that the program does not see."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from _thread import LockType, allocate_lock

import pytest

from asyncdemo.ticker import Ticker

FORKS_ALL_THE_TIME = """
import os
from _thread import allocate_lock
from asyncdemo.ticker import Ticker
called = allocate_lock()
called.acquire()
ticker = Ticker(0.05, lambda: called.locked() and called.release(), 0.05)
ticker.start()
for _ in range(3):
    while not called.acquire(timeout=0.01):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
ticker.stop()
print("called")
"""
FORKS = """
import os, sys, warnings
from _thread import allocate_lock
from asyncdemo.ticker import Ticker
warnings.simplefilter("error")
called = allocate_lock()
called.acquire()
ticker = Ticker(0.001, lambda: called.locked() and called.release())
ticker.start()
assert called.acquire(timeout=30)
for _ in range(20):
    child = os.fork()
    if child == 0:
        ticker.stop()
        os._exit(len(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert called.acquire(timeout=30)
ticker.stop()
print("forked")
"""


def counted(ticks: list[int], until: int) -> tuple[Ticker, LockType]:
    """A ticker that counts its calls, and a lock that is free once `until` of them have been made."""
    enough = allocate_lock()
    enough.acquire()

    def call() -> None:
        ticks.append(len(ticks))
        if len(ticks) == until:
            enough.release()

    return Ticker(0.001, call), enough


def test_calls_again_and_again_until_stopped() -> None:
    """A ticker calls until it is stopped, and never afterwards."""
    ticks: list[int] = []
    ticker, enough = counted(ticks, until=5)
    ticker.start()
    assert enough.acquire(timeout=30)
    ticker.stop()
    made = len(ticks)
    assert not threading.Event().wait(0.02)
    assert len(ticks) == made >= 5


def test_the_program_does_not_see_the_thread() -> None:
    """`threading` knows nothing of a running ticker."""
    ticks: list[int] = []
    ticker, enough = counted(ticks, until=1)
    before = threading.enumerate()
    ticker.start()
    assert enough.acquire(timeout=30)
    assert threading.enumerate() == before
    ticker.stop()


def test_the_program_does_not_see_the_thread_that_collected_its_garbage() -> None:
    """A finalizer of the program's may log in the ticker's thread, and so make it known to `threading`."""
    seen: list[list[threading.Thread]] = []
    enough = allocate_lock()
    enough.acquire()

    def call() -> None:
        seen.append(threading.enumerate())
        threading.current_thread()
        if len(seen) == 2:
            enough.release()

    before = threading.enumerate()
    ticker = Ticker(0.001, call)
    ticker.start()
    assert enough.acquire(timeout=30)
    ticker.stop()
    assert [seen[1], threading.enumerate()] == [before, before]


def test_a_fault_stops_the_ticker_and_is_kept() -> None:
    """What the call raises ends the calls, is found in `fault`, and reaches nobody else."""
    calls: list[int] = []
    done = allocate_lock()
    done.acquire()

    def fail() -> None:
        calls.append(1)
        done.release()
        message = "no"
        raise ValueError(message)

    ticker = Ticker(0.001, fail)
    ticker.start()
    assert done.acquire(timeout=30)
    ticker.stop()
    assert calls == [1]
    assert isinstance(ticker.fault, ValueError)


def test_stopping_waits_for_a_running_call() -> None:
    """When `stop` returns, a call that was under way is over."""
    under_way = allocate_lock()
    over: list[bool] = []
    under_way.acquire()

    def call() -> None:
        under_way.release()
        over.append(threading.Event().wait(0.05))

    ticker = Ticker(30, call)
    ticker.start()
    assert under_way.acquire(timeout=30)
    ticker.stop()
    assert len(over) == 1


def test_stopping_twice_or_before_the_start_does_nothing() -> None:
    """`stop` may come at any time and any number of times."""
    ticker = Ticker(30, list)
    ticker.stop()
    ticker.start()
    ticker.stop()
    ticker.stop()
    assert ticker.fault is None


def test_the_call_may_stop_its_own_ticker() -> None:
    """A call that stops its ticker does not wait for itself."""
    calls: list[int] = []
    done = allocate_lock()
    done.acquire()

    def once() -> None:
        calls.append(1)
        ticker.stop()
        done.release()

    ticker = Ticker(0.001, once)
    ticker.start()
    assert done.acquire(timeout=30)
    assert calls == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_program_that_forks_is_not_warned_and_goes_on_ticking() -> None:
    """While the program forks the thread is gone, in the child for good; in the parent it goes on."""
    done = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "forked\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_program_that_forks_all_the_time_is_called_nevertheless() -> None:
    """A pause is no reason to rest from the beginning again."""
    done = subprocess.run(
        [sys.executable, "-c", FORKS_ALL_THE_TIME], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "called\n", "")
