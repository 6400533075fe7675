"""Lines of the program's source, as far as its files are where they were."""

from __future__ import annotations

import linecache
import os
from datetime import datetime
from typing import Any

from asyncdemo.trace import Trace


class Sources:
    """Reads the lines that a recording refers to; a file that was changed since says so."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._recorded = _seconds(trace.meta.get("started"))

    def line(self, site: int) -> str:
        """The line of source at a site, without its indentation; "" where there is none to be had."""
        if site < 0:
            return ""
        file = self._trace.text(self._trace.sites.file[site])
        text = linecache.getline(file, self._trace.sites.line[site]).strip()
        return f"{text}  (the file has changed since)" if text and self._is_newer(file) else text

    def _is_newer(self, file: str) -> bool:
        try:
            return self._recorded is not None and os.path.getmtime(file) > self._recorded
        except OSError:
            return False


def _seconds(started: Any) -> float | None:
    """When a recording was made, in seconds since the epoch; None where that cannot be read."""
    try:
        return datetime.fromisoformat(started).timestamp()
    except (TypeError, ValueError):
        return None
