"""Real time and virtual time.

In virtual time nothing takes any time but waiting: whenever nothing can run, the loop jumps to its next timer.
looptime has the same idea, but it runs dozens of empty cycles before each jump, rounds to microseconds with a tick
added (a sleep of 0.2 ends at 0.200001), leaves the order of equal deadlines open and does not see `time.sleep`.
An exact timeline cannot live with these, so the loop below is our own.
"""

from __future__ import annotations

import asyncio
import functools
import heapq
import math
import operator
import selectors
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any, Final, NoReturn, SupportsIndex, TypeVarTuple

from asyncdemo.errors import UNAVAILABLE, USAGE, AsyncdemoError
from asyncdemo.recorder.stacks import made_by_the_program

Args = TypeVarTuple("Args")

SECOND: Final = 1_000_000_000
NEVER_NS: Final = 2**62
"""Timers at or beyond this (146 years) are taken to be set for ever, as `sleep(math.inf)` is."""

SHOWN_TASKS: Final = 3

REFUSED: Final = {
    "threads": ("run_in_executor", "set_default_executor", "getaddrinfo", "getnameinfo"),
    "processes": ("subprocess_exec", "subprocess_shell"),
    "signals": ("add_signal_handler",),
    "sockets": (
        *("add_reader", "add_writer", "connect_accepted_socket", "connect_read_pipe", "connect_write_pipe"),
        *("create_connection", "create_datagram_endpoint", "create_server", "create_unix_connection"),
        *("create_unix_server", "sendfile", "start_tls", "sock_accept", "sock_connect", "sock_recv", "sock_recv_into"),
        *("sock_recvfrom", "sock_recvfrom_into", "sock_sendall", "sock_sendfile", "sock_sendto"),
    ),
}
"""What does not obey a virtual clock, and the methods of a loop that need it."""


def nanoseconds(seconds: float) -> int:
    """Whole nanoseconds; exact for what began as whole nanoseconds, up to fifty days."""
    return round(seconds * SECOND)


class RealClock:
    """The machine's own time.

    Attributes:
        name: "real".
        now_ns: `time.perf_counter_ns` itself.
        seconds: `time.perf_counter` itself, which costs less.
    """

    name: Final = "real"
    now_ns: Callable[[], int] = staticmethod(time.perf_counter_ns)
    seconds: Callable[[], float] = staticmethod(time.perf_counter)

    def new_event_loop(self, kind: str = "asyncio") -> asyncio.AbstractEventLoop:
        """A new loop of `kind` "asyncio" or "uvloop".

        Raises:
            AsyncdemoError: uvloop is not installed (exit code 3), or there is no such kind (2).
        """
        _check_kind(kind)
        if kind == "uvloop":
            return _new_uvloop()
        if sys.platform == "win32":
            return asyncio.ProactorEventLoop()
        return asyncio.SelectorEventLoop()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Does nothing: the `time` module tells real time as it is."""
        yield


class VirtualClock:
    """Time that passes only while everything waits, or in `time.sleep`.

    One clock belongs to one run. Loops that run one after the other share it and time goes on; two at once are refused,
    for each would move the other's time.

    Attributes:
        name: "virtual".
        error: the first error that the clock raised into the program, which may have caught it, or None.
        on_hang: is told that nothing can happen any more, before that becomes an error of the program's.
        on_sleep: is told how many nanoseconds `time.sleep` has just taken, by the thread that slept.
    """

    name: Final = "virtual"
    on_hang: Callable[[], object] | None = None
    on_sleep: Callable[[int], object] | None = None

    def __init__(self) -> None:
        self.error: AsyncdemoError | None = None
        self._now_ns = 0
        self._epoch_ns = time.time_ns()
        self._turn = threading.Lock()
        self._thread = _Thread()

    def now_ns(self) -> int:
        """Nanoseconds since the clock was made; 0 at first."""
        return self._now_ns

    def seconds(self) -> float:
        """The same in seconds; `nanoseconds` gives back exactly what `now_ns` says."""
        return self._now_ns / SECOND

    def advance_to(self, deadline_ns: int) -> None:
        """Let the time be `deadline_ns`, unless it is later already."""
        self._now_ns = max(self._now_ns, deadline_ns)

    def new_event_loop(self, kind: str = "asyncio") -> VirtualLoop:
        """A new loop of `kind` "asyncio" that follows this clock.

        Raises:
            AsyncdemoError: `kind` is "uvloop", which has a clock of its own, or unknown (exit code 2).
        """
        _check_kind(kind)
        if kind == "uvloop":
            raise AsyncdemoError(
                "The loop uvloop was asked for in virtual time.\n"
                "It has a clock of its own, which cannot be replaced.\n"
                "Use --loop asyncio or --clock real.",
                USAGE,
            )
        return VirtualLoop(self)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let the `time` module tell this clock's time, and `time.sleep` advance it.

        Redirected are `time`, `monotonic`, `perf_counter`, their `_ns` twins and `sleep`, as attributes of the module,
        for this thread and for a thread that runs a loop of this clock; other threads keep real time. `time.time()`
        starts at the present. Names that were imported from `time` before, `time.strftime` and `datetime.now` keep
        real time.
        """
        virtual = self._functions()
        real = {name: getattr(time, name) for name in virtual}
        try:
            for name, function in virtual.items():
                setattr(time, name, self._redirected(function, real[name]))
            with self.followed():
                yield
        finally:
            for name, function in real.items():
                setattr(time, name, function)

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Let this thread follow the clock where it is installed."""
        outer = self._thread.follows
        self._thread.follows = True
        try:
            yield
        finally:
            self._thread.follows = outer

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let one loop run.

        Raises:
            AsyncdemoError: another loop of this clock is running (exit code 2).
        """
        if not self._turn.acquire(blocking=False):
            self.fail(
                "A second event loop was to run at the same time.\n"
                "Virtual time has one running loop at a time.\n"
                "Use --clock real.",
                USAGE,
            )
        try:
            with self.followed():
                yield
        finally:
            self._turn.release()

    def fail(self, message: str, exit_code: int = 1) -> NoReturn:
        """Raise an error into the program, and keep the first."""
        error = AsyncdemoError(message, exit_code)
        self.error = self.error or error
        raise error

    def _functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "time": lambda: self._time_ns() / SECOND,
            "time_ns": self._time_ns,
            "monotonic": self.seconds,
            "monotonic_ns": self.now_ns,
            "perf_counter": self.seconds,
            "perf_counter_ns": self.now_ns,
            "sleep": self._sleep,
        }

    def _redirected(self, virtual: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def redirected(*args: Any) -> Any:
            return virtual(*args) if self._thread.follows else real(*args)

        return redirected

    def _time_ns(self) -> int:
        return self._epoch_ns + self._now_ns

    def _sleep(self, seconds: float | SupportsIndex, /) -> None:
        # time.sleep takes a float or what counts as an integer, and nothing else.
        length = seconds if isinstance(seconds, float) else operator.index(seconds)
        if length < 0:
            raise ValueError("sleep length must be non-negative")
        length_ns = round(length * SECOND)
        self._now_ns += length_ns
        if self.on_sleep is not None:
            self.on_sleep(length_ns)


Clock = RealClock | VirtualClock


class TimerHandle(asyncio.TimerHandle):
    """A timer whose deadline is whole nanoseconds; of equal deadlines the one that was set first comes first."""

    __slots__ = ("deadline_ns", "order")

    deadline_ns: int
    order: int

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, TimerHandle):
            return NotImplemented
        return (self.deadline_ns, self.order) < (other.deadline_ns, other.order)


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, following a `VirtualClock`.

    Deadlines are rounded to the nearest nanosecond, so a wait below half of one takes no time. Equal deadlines fire in
    the order in which they were set. This is the one place that uses private names of asyncio's loop (3.11 to 3.13).

    Args:
        clock: gives the time, and is moved to the next deadline when nothing can run.
    """

    # Private names of BaseEventLoop that its type does not show.
    _scheduled: list[TimerHandle]
    _debug: bool
    _clock_resolution: float
    _check_closed: Callable[[], None]
    _check_running: Callable[[], None]
    _check_thread: Callable[[], None]
    _check_callback: Callable[[object, str], None]

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._timers = 0
        super().__init__(_Selector(self._before_timers))

    def time(self) -> float:
        """Virtual seconds; `time.monotonic()` says the same where the clock is installed."""
        return self._clock.now_ns() / SECOND

    def run_forever(self) -> None:
        """Run until `stop()`.

        Raises:
            AsyncdemoError: nothing can happen any more (exit code 1), or another loop of the clock is running (2).
        """
        self._check_closed()
        self._check_running()
        with self._clock.turn():
            super().run_forever()

    def call_at(
        self,
        when: float,
        callback: Callable[[*Args], object],
        *args: *Args,
        context: Context | None = None,
    ) -> TimerHandle:
        """Like `asyncio.loop.call_at`; `when` in virtual seconds."""
        self._check_closed()
        if self._debug:
            self._check_thread()
            self._check_callback(callback, "call_at")
        timer = made_by_the_program(self._timer(when, callback, args, context))
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def _timer(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[object, ...],
        context: Context | None,
    ) -> TimerHandle:
        deadline_ns = round(min(when * SECOND, NEVER_NS))
        timer = TimerHandle(deadline_ns / SECOND, callback, args, self, context)
        timer.deadline_ns, timer.order = deadline_ns, self._timers
        self._timers += 1
        return timer

    def _before_timers(self, *, idle: bool) -> None:
        if idle:
            self._jump()
        # The loop fires what is due before now + resolution: what is due exactly now, and nothing else.
        self._clock_resolution = math.ulp(self.time())

    def _jump(self) -> None:
        deadline_ns = self._scheduled[0].deadline_ns if self._scheduled else NEVER_NS
        if deadline_ns >= NEVER_NS:
            if self._clock.on_hang is not None:
                self._clock.on_hang()
            self._clock.fail(_waits_for_ever([task.get_name() for task in asyncio.all_tasks(self)]))
        self._clock.advance_to(deadline_ns)


class _Selector(selectors.DefaultSelector):
    """Looks at real input and output (the loop's own wake-up pipe) without waiting, then tells whether all was idle."""

    def __init__(self, before_timers: Callable[..., None]) -> None:
        super().__init__()
        self._before_timers = before_timers

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        self._before_timers(idle=not events and timeout != 0)
        return events


class _Thread(threading.local):
    follows = False


def _refusing(method: str, subject: str) -> Callable[..., NoReturn]:
    def refuse(self: VirtualLoop, *_args: object, **_kwargs: object) -> NoReturn:
        self._clock.fail(
            f"loop.{method} was called in virtual time.\n"
            f"Virtual time has no {subject}: they take real time, which it cannot foresee.\n"
            "Use --clock real.",
            USAGE,
        )

    refuse.__name__ = method
    refuse.__qualname__ = f"VirtualLoop.{method}"
    return refuse


for _subject, _methods in REFUSED.items():
    for _method in _methods:
        setattr(VirtualLoop, _method, _refusing(_method, _subject))


def _waits_for_ever(names: list[str]) -> str:
    names.sort(key=lambda name: (len(name), name))
    shown = ", ".join(names[:SHOWN_TASKS]) + (", ..." if len(names) > SHOWN_TASKS else "")
    count = f"{len(names)} task waits" if len(names) == 1 else f"{len(names)} tasks wait"
    who = f"{count} for ever ({shown})." if names else "the loop runs, but has no task."
    return (
        f"Nothing can happen any more: {who}\n"
        "No timer is set, and in virtual time no thread, socket or signal can wake anybody.\n"
        "Look for what is never set, released or put; if it comes from outside the loop, use --clock real."
    )


def _check_kind(kind: str) -> None:
    if kind not in {"asyncio", "uvloop"}:
        raise AsyncdemoError(f"There is no loop {kind!r}.\nLoops are asyncio and uvloop.\nUse --loop asyncio.", USAGE)


def _new_uvloop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        todo = "It does not exist for Windows" if sys.platform == "win32" else "Install it (pip install uvloop)"
        raise AsyncdemoError(
            f"The loop uvloop was asked for, but it is not installed.\n{todo}, or use --loop asyncio.",
            UNAVAILABLE,
        ) from None
    return uvloop.new_event_loop()
