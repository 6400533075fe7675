"""A real browser: the system's Chromium, without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SANDBOX = "--no-sandbox"
"""In containers, and as root, there is none to be had."""


def chromium() -> str | None:
    """Where the browser is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def missing() -> str:
    """Why no browser can be had here, or ""."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed: pip install playwright"
    return "" if chromium() else "there is no Chromium on this machine: apt-get install chromium"


@contextmanager
def browser() -> Iterator[Any]:
    """A browser that is gone afterwards."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium(), args=[SANDBOX])
        yield opened
        opened.close()


def until(page: Any, condition: str) -> Any:
    """Waits until an expression of JavaScript holds, and returns the page.

    Playwright's own waiting evaluates it again and again, which a page's security policy forbids.
    """
    page.evaluate(
        f"new Promise(done => {{ const look = () => ({condition}) ? done() : requestAnimationFrame(look); look(); }})"
    )
    return page
