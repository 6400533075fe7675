"""Tracebacks as the program would show them by itself: without the frames of the instrumentation."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from asyncdemo.recorder.stacks import is_ours

if TYPE_CHECKING:
    from types import TracebackType


def trim(error: BaseException) -> None:
    """Takes the frames of asyncdemo, concepts aside, out of `error` and of every exception that it carries along."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        each = pending.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = _without_ours(each.__traceback__)
        pending += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            pending += each.exceptions


def text(error: BaseException) -> str:
    """The traceback of `error` as Python prints it, trimmed, ending in a newline."""
    trim(error)
    return "".join(traceback.format_exception(error))


def _without_ours(frames: TracebackType | None) -> TracebackType | None:
    kept = []
    while frames is not None:
        if not is_ours(frames.tb_frame.f_code.co_filename):
            kept.append(frames)
        frames = frames.tb_next
    following = None
    for frame in reversed(kept):
        frame.tb_next = following
        following = frame
    return following
