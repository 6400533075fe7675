"""Which findings count: options, and `[tool.asyncdemo]` in pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.findings.model import Finding, Severity
from asyncdemo.findings.registry import find

NEVER = "never"
LEVELS = tuple(level.word for level in Severity)
_KEYS = ("fail-on", "ignore")


@dataclass(frozen=True, slots=True)
class Selection:
    """What counts.

    Attributes:
        level: findings from this severity on fail the run, or None for none by their severity.
        fail_on: ids of rules whose findings fail it whatever their severity.
        ignore: ids of rules that are not applied.
    """

    level: Severity | None = Severity.WARNING
    fail_on: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()

    def fails(self, findings: Iterable[Finding]) -> bool:
        """Whether one of the findings fails the run."""
        return any(
            each.rule in self.fail_on or (self.level is not None and each.severity >= self.level) for each in findings
        )


def selection(fail_on: Sequence[str] = (), ignore: Sequence[str] = (), folder: Path | None = None) -> Selection:
    """What options and the nearest pyproject.toml say; options replace what the file says of the same.

    Args:
        fail_on: severities, rules' ids or names, or `never`.
        ignore: rules' ids or names.
        folder: where the search for pyproject.toml begins, upwards; None for no search.

    Raises:
        AsyncdemoError: a word names nothing, or the file cannot be read as it should (exit code 2).
    """
    configured = {} if folder is None else _configured(folder)
    levels, by_rule = _failing(fail_on or configured.get("fail-on", ()))
    ignored = frozenset(find(word).id for word in (ignore or configured.get("ignore", ())))
    return Selection(levels, by_rule, ignored)


def _failing(words: Sequence[str]) -> tuple[Severity | None, frozenset[str]]:
    """The lowest severity that fails, and the rules that do."""
    if not words:
        return Severity.WARNING, frozenset()
    levels = [Severity[word.upper()] for word in words if word.casefold() in LEVELS]
    named = [find(word).id for word in words if word.casefold() not in {*LEVELS, NEVER}]
    return min(levels, default=None), frozenset(named)


def _configured(folder: Path) -> dict[str, list[str]]:
    """`[tool.asyncdemo]` of the nearest pyproject.toml in `folder` or above."""
    for parent in (folder.resolve(), *folder.resolve().parents):
        file = parent / "pyproject.toml"
        if file.is_file():
            return _read(file)
    return {}


def _read(file: Path) -> dict[str, list[str]]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("asyncdemo", {})
    except (OSError, ValueError) as error:
        raise AsyncdemoError(f"{file} cannot be read: {error}.\nCorrect it, or remove it.", USAGE) from error
    return {name: _words(file, name, value) for name, value in table.items()}


def _words(file: Path, name: str, value: Any) -> list[str]:
    if name not in _KEYS:
        raise AsyncdemoError(
            f"[tool.asyncdemo] in {file} has {name!r}, which is no setting.\nSettings are {' and '.join(_KEYS)}.", USAGE
        )
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise AsyncdemoError(
            f'[tool.asyncdemo] in {file}: {name} is {value!r}.\nGive words: {name} = ["AD101", "error"].', USAGE
        )
    return words
