"""What a clock refused while a program ran."""

from __future__ import annotations

from asyncdemo.recorder.clock import RealClock, VirtualClock


def check(clock: RealClock | VirtualClock) -> None:
    """Does nothing when the clock has refused nothing.

    Raises:
        AsyncdemoError: what it refused first; the program may have caught it, or wrapped it in a group.
    """
    if isinstance(clock, VirtualClock) and clock.error is not None:
        raise clock.error
