"""A loop in simulated time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop

Call = Callable[[], None]


@dataclass(slots=True)
class Lane:
    """A loop: what is ready, its timers, and its own time, which may run ahead while a step lasts."""

    now: int = 0
    ready: deque[Call] = field(default_factory=deque)
    timers: list[tuple[int, int, Call]] = field(default_factory=list)
    left_in_turn: int = 0

    def next_ns(self) -> int | None:
        """When it can do something, or None when it never will by itself."""
        if self.ready:
            return self.now
        return max(self.now, self.timers[0][0]) if self.timers else None

    def turn(self) -> None:
        """Does the next thing."""
        if not self.left_in_turn:
            if not self.ready:
                self.now = max(self.now, self.timers[0][0])
            while self.timers and self.timers[0][0] <= self.now:
                self.ready.append(heappop(self.timers)[2])
            self.left_in_turn = len(self.ready)
        self.left_in_turn -= 1
        self.ready.popleft()()
