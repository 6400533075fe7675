"""How a thread beside a loop comes by the interpreter, and what it keeps from the program meanwhile."""

from __future__ import annotations

import asyncio
import ctypes
import io
import os
import threading
import time
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from asyncdemo.compiled import hot
from asyncdemo.turns import new_bell, write

compiled = pytest.mark.skipif(hot is None, reason="nothing is compiled here")
MOMENT_S = 0.005
"""Less than the longest turn."""
LONG_S = 0.5
"""More than that by far."""


@contextmanager
def beside(thread: Callable[[], None]) -> Iterator[list[int]]:
    """Runs `thread` beside the block; what is given has one number, which the block is to count up."""
    steps, over = [0], new_bell()
    over.acquire()

    def run() -> None:
        try:
            thread()
        finally:
            over.release()

    start_new_thread(run, ())
    yield steps
    assert over.acquire(timeout=60)


def busy_until(steps: list[int], done: Callable[[], bool]) -> None:
    """A loop that has always something to do, and looks for input again and again."""

    async def spin() -> None:
        while not done():
            steps[0] += 1
            await asyncio.sleep(0)

    asyncio.run(spin())


@compiled
def test_a_thread_that_has_rested_has_its_turn() -> None:
    """The main thread waits for the end of it, though the thread lets go of the interpreter's lock meanwhile.

    Not each time: where the lock is free just then, or a busy machine lets a moment last longer, it does not have to.
    """
    bell, during = new_bell(), list[int]()
    bell.acquire()

    def thread() -> None:
        while len(during) < 200 and 0 not in during:
            bell.acquire(timeout=0.001)
            before = steps[0]
            time.sleep(MOMENT_S)
            during.append(steps[0] - before)

    with beside(thread) as steps:
        busy_until(steps, lambda: 0 in during or len(during) == 200)

    assert 0 in during


@compiled
def test_a_turn_does_not_last_for_ever() -> None:
    """A thread that waits for something else holds the program up for a moment."""
    bell, during = new_bell(), list[int]()
    bell.acquire()

    def thread() -> None:
        for _ in range(3):
            bell.acquire(timeout=0.001)
            before = steps[0]
            time.sleep(LONG_S)
            during.append(steps[0] - before)

    with beside(thread) as steps:
        busy_until(steps, lambda: len(during) == 3)

    assert all(during), during


@compiled
def test_turns_that_nobody_can_give_are_asked_for_once() -> None:
    """While the main thread waits for something else: there is room for a few such calls only, which are all's."""
    bell, add = new_bell(), ctypes.pythonapi.Py_AddPendingCall
    nothing: Any = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(lambda _: 0)
    bell.acquire()
    added = list[int]()

    def thread() -> None:
        for _ in range(1000):
            bell.acquire(timeout=0.0)
        added.append(add(nothing, None))

    with beside(thread):
        pass

    assert added == [0]


@compiled
def test_a_loop_in_another_thread_goes_on_during_a_turn() -> None:
    """Only the main thread can give one."""
    bell, during = new_bell(), list[int]()
    bell.acquire()

    def thread() -> None:
        bell.acquire(timeout=0.001)
        before = steps[0]
        time.sleep(LONG_S)
        during.append(steps[0] - before)

    with beside(thread) as steps:
        loop = threading.Thread(target=busy_until, args=(steps, lambda: bool(during)))
        loop.start()
        loop.join()

    assert all(during)


def test_text_goes_out_in_order() -> None:
    """After all that the file has held back, in its encoding."""
    read, written = os.pipe()
    with open(read, "rb") as source, open(written, "w", encoding="latin-1", errors="replace") as file:
        file.write("ä")
        write(file, "ö€")
        assert source.read(3) == b"\xe4\xf6?"


def test_a_file_in_memory_is_written_to() -> None:
    """It has no descriptor."""
    in_memory, wrapped = io.StringIO(), io.TextIOWrapper(io.BytesIO(), "utf-8")

    for file in in_memory, wrapped:
        write(file, "ä")

    assert in_memory.getvalue() == "ä"
    assert wrapped.buffer.getvalue() == "ä".encode()


def test_what_cannot_be_written_is_an_error() -> None:
    """The other end has gone."""
    read, written = os.pipe()
    os.close(read)

    with suppress(BrokenPipeError), open(written, "w", encoding="utf-8") as file:
        with pytest.raises(BrokenPipeError):
            write(file, "x")
        with pytest.raises(BrokenPipeError):
            write(file, "x" * 100_000)


@compiled
@pytest.mark.skipif(not hasattr(hot, "write"), reason="there are no such descriptors here")
def test_a_descriptor_that_is_full_is_waited_for() -> None:
    """A program may have made its terminal one that does not block."""
    read, written = os.pipe()
    os.set_blocking(written, False)
    text = "0123456789" * 100_000
    received = list[bytes]()

    def thread() -> None:
        with open(read, "rb") as source:
            received.append(source.read())

    with beside(thread), open(written, "w", encoding="ascii") as file:
        write(file, text)

    assert b"".join(received) == text.encode()
