"""The chain of awaits of a suspended task: its coroutines and generators, from the outermost to the innermost.

`coroutine.cr_await` leads from each one to the next, and from the last one to the future that the task is suspended on.
Nothing is called on the program's objects: the chain is only looked at.
"""

from __future__ import annotations

import gc
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType
from typing import Any

from asyncdemo.recorder.asyncio_names import FUTURE_ITERATOR
from asyncdemo.recorder.sites import is_installed

_PREFIXES = ("cr", "gi", "ag")
_SEEN_THROUGH = {
    "async_generator_asend": AsyncGeneratorType,
    "async_generator_athrow": AsyncGeneratorType,
    "coroutine_wrapper": CoroutineType,
}
"""What stands between two links, by the name of its type, and what it leads to; only the collector sees through it.

The first two iterate over an asynchronous generator, the last is what `coroutine.__await__()` gives.
"""


def chain(awaited: Any) -> tuple[list[Any], list[int]]:
    """The links of a suspended coroutine's chain of awaits, outermost first, and the identities of their codes.

    Making a frame object is what costs here, so none is asked for its frame.
    """
    links, code_ids = [], []
    while True:
        kind = type(awaited)
        if kind is CoroutineType:
            links.append(awaited)
            code_ids.append(id(awaited.cr_code))
            awaited = awaited.cr_await
        elif kind is FUTURE_ITERATOR or awaited is None:
            return links, code_ids
        else:
            link, awaited = _generator(awaited)
            if link is None or frame_of(link) is None:
                return links, code_ids
            links.append(link)
            code_ids.append(id(code_of(link)))


def _generator(awaitable: Any) -> tuple[Any, Any]:
    """What has a frame in an awaitable that is no plain coroutine, or None; and what that is suspended on."""
    inside = _SEEN_THROUGH.get(type(awaitable).__name__)
    if inside is not None:
        awaitable = next((each for each in gc.get_referents(awaitable) if isinstance(each, inside)), None)
    for inner in ("cr_await", "gi_yieldfrom", "ag_await"):
        if hasattr(awaitable, inner):
            return awaitable, getattr(awaitable, inner)
    return None, None


def code_of(link: Any) -> CodeType:
    """The code of a link."""
    return next(code for prefix in _PREFIXES if isinstance(code := getattr(link, f"{prefix}_code", None), CodeType))


def frame_of(link: Any) -> FrameType | None:
    """The frame of a link, or None when that is over."""
    if type(link) is CoroutineType:
        return link.cr_frame
    return next((frame for prefix in _PREFIXES if (frame := getattr(link, f"{prefix}_frame", None)) is not None), None)


def told_of(codes: list[CodeType], own: list[int]) -> int | None:
    """The depth whose line is told of a chain: the innermost of the program's own; else of an installed package.

    Args:
        codes: of all links.
        own: the depths that are neither Python's own nor asyncdemo's, ascending.
    """
    for depth in reversed(own):
        if not is_installed(codes[depth].co_filename):
            return depth
    return own[-1] if own else None
