"""What machines read of two recordings side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asyncdemo.diff.changes import Change, Diff


def document(diff: Diff, files: tuple[str, str], version: str) -> dict[str, Any]:
    """One JSON object; times are nanoseconds.

    Args:
        diff: what changed.
        files: the two recordings' files.
        version: asyncdemo's version.
    """
    return {
        "schema": "asyncdemo/1",
        "version": version,
        "command": "diff",
        "files": list(files),
        "exact": diff.exact,
        "notable": diff.notable,
        "notes": list(diff.notes),
        "whole": _rows(diff.whole),
        "decided": _rows(diff.decided),
        "coroutines": [
            {"coro": each.coro, "tasks": [each.before, each.after], "changes": _rows(each.changes)}
            for each in diff.coroutines
        ],
    }


def _rows(changes: Iterable[Change]) -> list[dict[str, Any]]:
    return [
        {
            "what": each.what,
            "unit": "ns" if each.is_time else "count",
            "before": each.before,
            "after": each.after,
            "notable": each.notable,
        }
        for each in changes
    ]
