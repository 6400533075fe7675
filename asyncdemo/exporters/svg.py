"""The final view as a picture, for a page or a talk."""

from __future__ import annotations

from collections.abc import Iterator

from asyncdemo.exporters import Run
from asyncdemo.trace import Trace

EXTENSION = "svg"


def export(trace: Trace, run: Run) -> Iterator[str]:
    """The picture as one SVG."""
    from asyncdemo.views.paper import svg

    yield svg(trace, run)
