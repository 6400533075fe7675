"""The rules, a file each: what such a file has is said in `asyncdemo.findings.registry`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def modules() -> Iterator[ModuleType]:
    """The modules of this package, each with one rule."""
    return (import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__))
