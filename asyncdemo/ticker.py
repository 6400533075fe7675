"""Call a function again and again from a thread that the program does not see.

The live view, the plain view and the sampler of stalls run beside a program that must not notice them. Such a thread
is unknown to `threading`, keeps real time whatever `time.sleep` has been replaced by, and is gone while the program
forks: a child must never inherit a half-drawn frame or a held lock, and Python warns when a process with threads forks.
"""

from __future__ import annotations

import os
import signal
import sys
from _thread import allocate_lock, get_ident, get_native_id, start_new_thread
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from time import monotonic
from typing import Any

from asyncdemo.turns import new_bell

_LONGEST_CALL_S = 2.0
_LONGEST_EXIT_S = 0.05
_running: dict[int, Ticker] = {}
_hidden: set[int] = set()


def is_hidden() -> bool:
    """Whether this is such a thread. What the program does in it, the garbage collector has made it do."""
    return get_ident() in _hidden


def _released_within(bell: Any, seconds: float) -> bool:
    released: bool = bell.acquire(timeout=seconds)
    return released


class Ticker:
    """Calls `call` every `interval_s` seconds from a hidden thread until it is stopped.

    Args:
        interval_s: seconds of rest between two calls, above 0; what is called may change it.
        call: what to call; what it returns is ignored, and what it raises stops the ticker.
        first_after_s: seconds of rest before the first call, at least 0.
        rest: rests until a bell is released, for these seconds or for as long as it likes; gives whether it was.

    Attributes:
        fault: what the call raised, or None.
    """

    def __init__(
        self,
        interval_s: float,
        call: Callable[[], object],
        first_after_s: float = 0.0,
        *,
        rest: Callable[[Any, float], bool] = _released_within,
    ) -> None:
        self.fault: BaseException | None = None
        self.interval_s = interval_s
        self._call = call
        self._first_after_s = first_after_s
        self._due_s = 0.0
        self._rest = rest
        self._life: _Life | None = None

    def start(self) -> None:
        """Begin; does nothing when it has begun already."""
        _watch_forks()
        if id(self) not in _running:
            self._due_s = monotonic() + self._first_after_s
        _running[id(self)] = self
        self.resume()

    def stop(self) -> None:
        """End, and wait for at most two seconds until a running call is over. Stopping twice is stopping once."""
        _running.pop(id(self), None)
        self.pause()

    def pause(self) -> None:
        """Let the thread go and wait until it has gone, unless this is that thread."""
        life, self._life = self._life, None
        if life is not None:
            life.end()

    def resume(self) -> None:
        """Go on after a pause."""
        if self._life is None and self.fault is None:
            self._life = _Life(self._run)

    def rest(self, seconds: float) -> bool:
        """For what is called, and takes long: rest, and say whether it is to return because of an end or a pause."""
        life = self._life
        return life is None or life.is_to_end_within(seconds)

    def _run(self, life: _Life) -> None:
        try:
            while not self._rest(life.asked_to_end, max(0.0, self._due_s - monotonic())):
                self._call()
                _forget_this_thread()
                self._due_s = monotonic() + self.interval_s
        except BaseException as fault:  # noqa: BLE001 - a fault here never reaches the program
            self.fault = fault


class _Life:
    """One thread, from its start to its end."""

    def __init__(self, run: Callable[[_Life], None]) -> None:
        self.asked_to_end = new_bell()
        self._alive = allocate_lock()
        self._ident = self._native = 0
        self.asked_to_end.acquire()
        self._alive.acquire()
        start_new_thread(self._live, (run,))

    def _live(self, run: Callable[[_Life], None]) -> None:
        self._ident, self._native = get_ident(), get_native_id()
        if hasattr(signal, "pthread_sigmask"):
            # A signal that came here would not interrupt what the main thread waits for.
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        _hidden.add(self._ident)
        try:
            run(self)
        finally:
            _hidden.discard(self._ident)
            self._alive.release()

    def is_to_end_within(self, seconds: float) -> bool:
        """Rest; whether the end was asked for meanwhile, which the next rest will say as well."""
        ended = _released_within(self.asked_to_end, seconds)
        if ended:
            self.asked_to_end.release()
        return ended

    def end(self) -> None:
        with suppress(RuntimeError):
            self.asked_to_end.release()
        if self._ident != get_ident() and self._alive.acquire(timeout=_LONGEST_CALL_S):
            self._leave()

    def _leave(self) -> None:
        """Wait until the system has let go of the thread too; only Linux counts it until then."""
        rest_s = 0.0005
        for _ in range(int(_LONGEST_EXIT_S / rest_s)):
            if not os.path.exists(f"/proc/self/task/{self._native}"):
                return
            self._alive.acquire(timeout=rest_s)


def _forget_this_thread() -> None:
    """Be unknown to `threading` again: what the garbage collector ran here may have asked which thread this is."""
    if "threading" in sys.modules:
        vars(sys.modules["threading"])["_active"].pop(get_ident(), None)


@cache
def _watch_forks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_pause_all, after_in_child=_running.clear)


def _pause_all() -> None:
    if _running:
        _resume_after_fork()
    for ticker in tuple(_running.values()):
        ticker.pause()


@cache
def _resume_after_fork() -> None:
    """Resume in the main thread's next instructions, not in the hook: Python 3.13 counts threads after the hooks.

    The hook is no Python function because the end of one already counts as a next instruction. A program that does not
    fork does not pay for the import.
    """
    import ctypes

    resume = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(_resume_all)
    os.register_at_fork(after_in_parent=partial(ctypes.pythonapi.Py_AddPendingCall, resume, None))


def _resume_all(_: object) -> int:
    for ticker in tuple(_running.values()):
        ticker.resume()
    return 0
