"""Files of results: found to be writable before long work, and written all or nothing."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from asyncdemo.errors import USAGE, AsyncdemoError

BUFFER = 1 << 20
"""Bytes that are written at once. While they are, the program may run, which takes its time to be told of both."""


def check_writable(path: str | Path, *, force: bool = False) -> None:
    """Make sure, before long work, that its result can be written. Leaves nothing behind.

    Args:
        path: where a result is to be saved.
        force: whether a file that is there already may be replaced.

    Raises:
        AsyncdemoError: it is no ordinary file, is there already, or its folder is missing or cannot be written to (exit
            code 2).
    """
    try:
        target = Path(os.path.realpath(path))
        mode = _mode(target)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
        refusal = _refusal(mode, force=force)
    except (OSError, ValueError) as error:
        refusal = f"{reason(error)}.\nName a file in a folder that exists and can be written to"
    if refusal:
        raise AsyncdemoError(f"{path} cannot be written: {refusal}.", USAGE)


def write_whole(path: str | Path, chunks: Iterable[bytes | bytearray | memoryview]) -> None:
    """Write a whole file, all or nothing.

    Args:
        path: where to; a file that is there already is replaced.
        chunks: what the file is to hold, one after another.

    Raises:
        OSError: writing failed; what was there before is unchanged.
    """
    target = Path(os.path.realpath(path))
    sibling = target.with_name(f".asyncdemo-{secrets.token_hex(8)}.tmp")
    try:
        with sibling.open("xb", BUFFER) as file:
            file.writelines(chunks)
        sibling.replace(target)
    except BaseException:
        sibling.unlink(missing_ok=True)
        raise


def reason(error: OSError | ValueError) -> str:
    """What the system says of an error."""
    return str((isinstance(error, OSError) and error.strerror) or error)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _refusal(mode: int | None, *, force: bool) -> str:
    if mode is None:
        return ""
    if stat.S_ISDIR(mode):
        return "it is a folder.\nName a file in it"
    if not stat.S_ISREG(mode):
        return "it is no ordinary file.\nName a new one"
    return "" if force else "it exists already.\nName another file, or replace it with --force"
