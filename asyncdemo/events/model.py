"""Events, and the items that they are told from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from asyncdemo.trace import NONE


class Kind(IntEnum):
    """Kinds of event, in the order in which those of one step and one instant are told."""

    STARTED = 0
    WAITED = 1
    """A wait is over and the task runs again."""
    ACQUIRED = 2
    CREATED = 3
    PRINTED = 4
    CANCEL_REQUESTED = 5
    """A task was asked to end and did not do so at once: it cleans up, or goes on."""
    RELEASED = 6
    STALLED = 7
    """The loop was blocked until now."""
    ENDED = 8


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        t_ns: when, in nanoseconds from the start of the run; negative before it.
        kind: what.
        task: the row of the task that it happened to, or `NONE`.
        name: the task's name, or who it was when it was no task; "" when that is not known.
        about: what else there is to say, in values that JSON can hold. CREATED: `coro`, `parent`, `at`. WAITED:
            `from_ns`, `to_ns` (ready to run), `kind`, `on`, `at`. ACQUIRED: `on`, `waited_ns`, `at`. RELEASED: `on`,
            `held_ns`. PRINTED: `stream`, `text`. CANCEL_REQUESTED: `by`, `by_task`, `at`. STALLED: `from_ns`, `gc_ns`,
            `at`. ENDED: `outcome`, `error`, `cancelled_by`, `cancelled_at`. What there is none of, or is not known, is
            None.
    """

    t_ns: int
    kind: Kind
    task: int
    name: str
    about: Mapping[str, Any]


class Item(NamedTuple):
    """An event that waits for its turn: which row of its kind's table to tell, and in whose step it happened."""

    t_ns: int
    kind: Kind
    row: int
    task: int
    actor: int
    step: int = NONE
    wait: tuple[int, int, int] = (0, 0, NONE)
    after: bool = False
    """Whether no line of the actor's own did it: a callback did, after the actor's step."""
