"""What is said of a library's own tasks and resources, which pictures leave out."""

from __future__ import annotations

from collections.abc import Mapping

from asyncdemo.timeline import Folded
from asyncdemo.views.canvas import Line, folded
from asyncdemo.views.glyphs import FAINT
from asyncdemo.views.units import counted

HANGING = 2


def not_drawn(theirs: Mapping[str, Folded], width: int) -> list[Line]:
    """`not drawn: 3 tasks of redis`, on as many lines as it takes; none when nothing was left out."""
    told = ", ".join(f"{_had(own)} of {package}" for package, own in theirs.items())
    return [Line(piece, FAINT) for piece in folded(f"not drawn: {told}", width, HANGING)] if told else []


def _had(own: Folded) -> str:
    tasks, resources = counted(own.tasks, "task"), counted(own.resources, "resource")
    return " and ".join([tasks] * bool(own.tasks) + [resources] * bool(own.resources))
