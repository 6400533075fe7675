"""Cells: each subject under one combination of the values that are swept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.subjects import Subject


@dataclass(frozen=True, slots=True)
class Cell:
    """What one row of figures is about.

    Attributes:
        subject: what is run; values that are swept stand among its options.
        params: everything that its `main` is called with, in values that JSON can hold.
        loop: `asyncio` or `uvloop`.
        ideal_ns: how long the concept says it takes at best, or None.
        swept: the parameters that are swept, and their values here.
        ideal_more: what takes time on top of the ideal and no formula knows, or "".
    """

    subject: Subject
    params: Mapping[str, Any] = field(default_factory=dict)
    loop: str = "asyncio"
    ideal_ns: int | None = None
    swept: Mapping[str, Any] = field(default_factory=dict)
    ideal_more: str = ""

    def described(self) -> dict[str, Any]:
        """The cell in values that JSON can hold; equal for cells of which the same can be expected."""
        return {"name": self.subject.name, "params": dict(self.params), "loop": self.loop}


def sweep(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The values of each parameter that `texts`, such as `limit=1,2,5`, name.

    Raises:
        AsyncdemoError: one has another form, or names a parameter or a value twice (exit code 2).
    """
    swept: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip().removeprefix("--").replace("-", "_")
        given = tuple(value.strip() for value in values.split(","))
        if not (name and equals and all(given)):
            raise AsyncdemoError(
                f"-P {text}: this is no sweep.\nWrite NAME=VALUE,VALUE, such as -P limit=1,2,5.", USAGE
            )
        if name in swept:
            raise AsyncdemoError(f"-P {text}: {name} is swept twice.\nGive all its values at once.", USAGE)
        if len(set(given)) < len(given):
            raise AsyncdemoError(f"-P {text}: a value is there twice.\nGive each value once.", USAGE)
        swept[name] = given
    return swept


def combined(subject: Subject, swept: Mapping[str, Sequence[str]]) -> Iterator[Subject]:
    """`subject` with every combination of the values in `swept`, the last parameter changing fastest.

    Raises:
        AsyncdemoError: the subject has a value of its own for one of them (exit code 2).
    """
    for name in swept:
        if name in subject.options:
            raise AsyncdemoError(
                f"-P {name}: the subject {str(subject)!r} has a value of its own for it.\nGive it in one place.", USAGE
            )
    for values in product(*swept.values()):
        chosen = dict(zip(swept, values, strict=True))
        yield Subject(subject.name, {**subject.options, **chosen}, subject.loop)
