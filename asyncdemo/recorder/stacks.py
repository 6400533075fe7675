"""Stacks that the program shows, or asyncio in debug mode, of where something was made: without what is asyncdemo's.

What runs the program is beneath it, as Python's own start is, which no stack shows.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from asyncdemo.recorder.hooks import Hooks

PACKAGE = str(Path(__file__).parents[1]) + os.sep
CONCEPTS = PACKAGE + "concepts" + os.sep
_BENEATH = tuple(os.path.join(PACKAGE, "run", file) for file in ("concept.py", "script.py"))
"""What runs programs."""

_Made = TypeVar("_Made")
_Place = TypeVar("_Place")


def is_ours(file: str) -> bool:
    """Whether a source file belongs to asyncdemo; a concept is a program as any other."""
    return file.startswith(PACKAGE) and not file.startswith(CONCEPTS)


def without_ours(stack: Iterable[_Place], file_of: Callable[[_Place], str]) -> Iterator[_Place]:
    """The places of a stack, the innermost first, that would be there if nothing recorded or ran the program."""
    for place in stack:
        file = file_of(place)
        if file in _BENEATH:
            return
        if not is_ours(file):
            yield place


def made_by_the_program(made: _Made) -> _Made:
    """A handle or a task, without asyncdemo's frames in what it says in debug mode of where it was made."""
    stack = getattr(made, "_source_traceback", None)
    if stack:
        stack[:] = reversed(list(without_ours(reversed(stack), attrgetter("filename"))))
    return made


def install(hooks: Hooks) -> None:
    """Has `traceback` walk the program's stacks only."""
    hooks.stand_in(traceback, "walk_stack", _walk_stack(traceback.walk_stack))


def _walk_stack(original: Callable[[FrameType | None], Iterator[tuple[FrameType, int]]]) -> Callable[..., Any]:
    def walk_stack(f: FrameType | None) -> Iterator[tuple[FrameType, int]]:
        # Without a frame it counts how many calls it is away from where it is to start.
        return original(f) if f is None else without_ours(original(f), _file_of)

    return walk_stack


def _file_of(place: tuple[FrameType, int]) -> str:
    return place[0].f_code.co_filename
