"""How long the HTML export takes a real browser: to show ten thousand tasks, to zoom, to search."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asyncdemo import exporters
from asyncdemo.exporters import Run
from tests import browser
from tests.bench.figure import Figure
from tests.bench.million import recording

TASKS, STEPS = 10_000, 100_000
SEARCH = 'byId("search").value = "work queue"; search()'
ZOOM = "zoom(0.5, width / 2)"


def page(runs: int) -> Iterator[Figure]:
    """From opening the file to the painted timeline, and from a zoom or a search to the next painted one."""
    if reason := browser.missing():
        yield Figure(f"a page of {TASKS:,} tasks", 0, None, "s", f"not measured: {reason}")
        return
    with tempfile.TemporaryDirectory() as folder, browser.browser() as opened:
        path = Path(folder, "page.html")
        path.write_text(
            "".join(exporters.find("html").export(recording(TASKS, STEPS), Run("app.py"))), encoding="ascii"
        )
        # Others on the machine make it slower, nothing makes it faster.
        taken = [min(each) for each in zip(*(_session(opened, path) for _ in range(max(2, runs // 2))), strict=True)]
        size = f"{path.stat().st_size / 1e6:.0f} MB"
    load, zoom, search = taken
    yield Figure(f"a page of {TASKS:,} tasks and {STEPS:,} steps", load, 2, "s", size)
    yield Figure("zooming in it", zoom, 0.1, "s")
    yield Figure("searching in it", search, 0.5, "s")


def _session(opened: Any, path: Path) -> tuple[float, float, float]:
    page = opened.new_page(viewport={"width": 1400, "height": 900})
    start = time.perf_counter()
    page.goto(path.as_uri())
    _painted(page)
    load = time.perf_counter() - start
    zoom, search = (_timed(page, script) for script in (ZOOM, SEARCH))
    page.close()
    return load, zoom, search


def _timed(page: Any, script: str) -> float:
    start = time.perf_counter()
    page.evaluate(script)
    _painted(page)
    return time.perf_counter() - start


def _painted(page: Any) -> None:
    browser.until(page, "!drawing && width > 0")
