"""Files of results for other programs: a module of this package each, which is all that it takes to add one.

The module's name is what `--export-NAME` calls it and the first line of its docstring the help. It has
`export(comparison)`, which turns what was found into text and never touches a file.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

from asyncdemo.compare.result import Comparison


def names() -> list[str]:
    """Every format, in the order of the names; imports none."""
    return sorted(module.name for module in iter_modules(__path__))


def help_of(name: str) -> str:
    """What the format is, in a phrase."""
    summary = (import_module(f"{__name__}.{name}").__doc__ or "").strip().splitlines()[0].rstrip(".")
    return summary[:1].lower() + summary[1:]


def exporter(name: str) -> Callable[[Comparison], str]:
    """What makes the text of a format."""
    export: Callable[[Comparison], str] = import_module(f"{__name__}.{name}").export
    return export
