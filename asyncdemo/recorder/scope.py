"""What of a program is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a program is recorded: all of it, unless told otherwise.

    A pattern has `*`, `?` and `[...]` as file names have. It stands for a coroutine by its qualified name, for all
    those of a module or of a package by its dotted name, or for `module.name`.

    Attributes:
        include: patterns of the coroutines whose tasks are recorded; empty for all.
        exclude: patterns of those whose tasks are not, whatever `include` says.
        since_s: seconds from the start of the program to that of the recording, at least 0.
        for_s: how many seconds the recording lasts, or None for to the end.
        max_steps: how many steps are kept, the newest ones; None for all.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    since_s: float = 0
    for_s: float | None = None
    max_steps: int | None = None

    @property
    def chooses(self) -> bool:
        """Whether there are tasks that are left out."""
        return bool(self.include or self.exclude)

    @property
    def is_window(self) -> bool:
        """Whether there is time that is left out."""
        return self.since_s > 0 or self.for_s is not None

    def admits(self, module: str, name: str) -> bool:
        """Whether tasks of the coroutine called `name` in `module` are recorded."""
        return self.admits_one_of([(module, name)])

    def admits_one_of(self, names: Iterable[tuple[str, str]]) -> bool:
        """Whether tasks are recorded that run several coroutines, one within the other; to exclude one is enough."""
        known = list(names)
        if any(_matches(self.exclude, *each) for each in known):
            return False
        return not self.include or any(_matches(self.include, *each) for each in known)

    def described(self) -> dict[str, Any]:
        """What a trace's `meta` says of it: what is not as usual, if anything, in values that JSON can hold."""
        usual = asdict(Scope())
        told = {name: value for name, value in asdict(self).items() if value != usual[name]}
        listed = {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}
        return {"scope": listed} if listed else {}


WHOLE = Scope()


def _matches(patterns: tuple[str, ...], module: str, name: str) -> bool:
    parts = module.split(".")
    packages = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return any(fnmatchcase(each, pattern) for pattern in patterns for each in (name, f"{module}.{name}", *packages))
