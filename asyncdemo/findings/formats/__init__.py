"""Formats of findings for machines: a module of this package each, with `render(report)`, which gives the text.

The module's name is the format's name. `WHOLE` says whether it has to have stdout for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from asyncdemo.findings.check import Report


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        render: gives the text for a report.
        whole: whether nothing else may stand beside it on stdout.
    """

    render: Callable[[Report], str]
    whole: bool


@cache
def names() -> tuple[str, ...]:
    """The formats by name."""
    return tuple(sorted(each.name for each in iter_modules(__path__)))


def find(name: str) -> Format:
    """The format called `name`, one of `names`."""
    module = import_module(f"{__name__}.{name}")
    return Format(module.render, module.WHOLE)
