"""Ends of a run that come from outside: Ctrl+C, SIGTERM, SIGHUP and the time-out."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, NoReturn, Self

from asyncdemo.errors import TIMED_OUT
from asyncdemo.run.exits import INTERRUPTED, end_process
from asyncdemo.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import Any

    Farewell = Callable[[int], None]

DEADLY = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_GRACE_S = 1.0


def no_farewell(_code: int) -> None:
    """Ends without a word."""


class Interrupts:
    """Context manager that watches over a run in the main thread.

    SIGTERM and SIGHUP end the process at once, unless the program or whoever started it had other plans for them. The
    time-out acts like a Ctrl+C, a second later like another one, and another second later ends the process.

    Args:
        farewell: called with the exit code right before the process ends without unwinding the program; it restores
            the terminal and shows what there is.
        timeout_s: real seconds until the time-out, above 0, or None.
        on_interrupt: what a first Ctrl+C does, a second one then ends the process; None leaves both to the program.

    Attributes:
        timed_out: whether the time-out has struck.
        count: how many Ctrl+C there were, when `on_interrupt` is given.
    """

    def __init__(
        self,
        farewell: Farewell = no_farewell,
        timeout_s: float | None = None,
        on_interrupt: Callable[[], None] | None = None,
    ) -> None:
        self.timed_out = False
        self.count = 0
        self._farewell = farewell
        self._on_interrupt = on_interrupt
        self._timer = None if timeout_s is None else Ticker(_GRACE_S, self._expire, first_after_s=timeout_s)
        self._expired = 0
        self._gave_up = False
        self._pid = os.getpid()
        self._previous: dict[int, Any] = {}
        self._ending = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._install()
        if self._timer:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        if self._timer:
            self._timer.stop()
        for number, previous in self._previous.items():
            if signal.getsignal(number) in {self._end_now, self._interrupt}:
                signal.signal(number, previous)

    def exit_code(self, code: int) -> int:
        """What the process reports for a run that ended by itself with `code`."""
        if self.timed_out:
            return TIMED_OUT
        if self._gave_up:
            return 1
        return INTERRUPTED if self.count else code

    def give_up(self) -> None:
        """Ends the run as the time-out does, but with exit code 1; to be called from another thread."""
        self._gave_up = True
        if self._timer:
            self._timer.stop()
        self._timer = Ticker(_GRACE_S, self._strike)
        self._timer.start()

    def _install(self) -> None:
        for number in DEADLY:
            if signal.getsignal(number) is signal.SIG_DFL:
                self._previous[number] = signal.signal(number, self._end_now)
        if self._on_interrupt and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._previous[signal.SIGINT] = signal.signal(signal.SIGINT, self._interrupt)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._pid or self._on_interrupt is None:
            signal.default_int_handler(number, frame)
        self.count += 1
        if self.count > 1:
            self._end(self.exit_code(INTERRUPTED))
        self._on_interrupt()

    def _end_now(self, number: int, _: FrameType | None) -> None:
        if os.getpid() == self._pid:
            self._end(128 + number)
        # A forked child dies of it as it would without us.
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _expire(self) -> None:
        self.timed_out = True
        self._strike()

    def _strike(self) -> None:
        self._expired += 1
        if self._expired > 2:  # noqa: PLR2004 - two interrupts, then the end
            self._end(self.exit_code(INTERRUPTED))
        _send_interrupt()

    def _end(self, code: int) -> NoReturn:
        """Ends the process now. Called inside whatever the program was doing, so nothing of it can be unwound."""
        try:
            if not self._ending:
                self._ending = True
                self._farewell(code)
        except BrokenPipeError:
            pass
        except BaseException as fault:  # noqa: BLE001 - whatever it is, the process ends
            os.write(2, f"asyncdemo: no summary: {type(fault).__name__}: {fault}\n".encode())
        end_process(code)


def _send_interrupt() -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        # A real signal to that very thread, so that it also ends a blocking call.
        signal.pthread_kill(main, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)
