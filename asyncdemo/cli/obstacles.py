"""What keeps a concept from running here. Nothing is imported to find out, for `asyncdemo list` asks it of all."""

from __future__ import annotations

import sys
from importlib import util
from typing import TYPE_CHECKING

from asyncdemo import catalog

if TYPE_CHECKING:
    from asyncdemo.catalog import Summary
    from asyncdemo.catalog.concept import Concept


def obstacle(concept: Summary | Concept) -> str | None:
    """Why `concept` cannot run here as it is, and what to do, or None when it can."""
    if sys.platform == "win32" and catalog.find(concept.name).platform == "Unix":
        return "it needs Unix"
    if concept.library and util.find_spec(concept.library) is None:
        return f"it needs {concept.library}, {install(concept)}"
    if concept.server is None:
        return None
    from asyncdemo import servers

    server = servers.find(concept.server)
    if server.can_embed:
        return None
    return f"it needs a server, {server.install if server.embedded else 'which --url names'}"


def install(concept: Summary | Concept) -> str:
    """The command that brings what `concept` needs."""
    return f"pip install 'asyncdemo[{concept.extra}]'" if concept.extra else "pip install asyncdemo"
