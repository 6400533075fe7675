"""Replacing attributes of classes and modules for as long as a recording lasts."""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

_ABSENT = object()


class Hooks:
    """The attributes that a recording replaced, and how to put them back.

    A module that is not imported yet is hooked as soon as the program imports it, so that recording imports nothing
    that the program does not.
    """

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, Any]] = []
        self._finder = _PostImportFinder()

    def replace(self, owner: Any, name: str, value: Any) -> None:
        """Sets `owner.name` to `value` until `restore`."""
        self._replaced.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)

    def stand_in(self, owner: Any, name: str, function: Callable[..., Any]) -> None:
        """The same with a function that passes for the one that it replaces: its name, signature and so on."""
        self.replace(owner, name, functools.wraps(getattr(owner, name))(function))

    def when_imported(self, module: str, hook: Callable[[ModuleType], None]) -> None:
        """Calls `hook(module)`: now when it is imported already, else right after its import."""
        if module in sys.modules:
            hook(sys.modules[module])
            return
        self._finder.waiting.setdefault(module, []).append(hook)
        if self._finder not in sys.meta_path:
            sys.meta_path.insert(0, self._finder)

    def restore(self) -> None:
        """Puts every replaced attribute back, the last one first."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        self._finder.waiting.clear()
        while self._replaced:
            owner, name, value = self._replaced.pop()
            if value is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


class _PostImportFinder(importlib.abc.MetaPathFinder):
    """Finds nothing itself: asks the other finders, and has the loader call the hook after it ran the module."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[Callable[[ModuleType], None]]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        hooks = self.waiting.pop(fullname, None)
        if hooks is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            _call_after_exec(spec.loader, hooks)
        return spec


def _call_after_exec(loader: Any, hooks: Sequence[Callable[[ModuleType], None]]) -> None:
    run_module = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        run_module(module)
        for hook in hooks:
            hook(module)

    loader.exec_module = exec_module
