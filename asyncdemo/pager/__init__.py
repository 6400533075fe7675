"""The pager: a finished recording on a terminal, to scroll, zoom, search and play.

`view` opens it. Where one looks is a `Viewpoint`, what is drawn there comes from `Screen`, both without a terminal;
`app` alone knows Textual, which is imported when a pager opens.
"""

from __future__ import annotations

from importlib import util


def is_installed() -> bool:
    """Whether Textual, which the pager needs, can be imported."""
    return util.find_spec("textual") is not None
