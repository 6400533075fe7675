"""Files of results: found to be writable before anything is measured, and replaced all or nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.files import check_writable, write_whole

ROOM = 1 << 16


def check(option: str, path: str, *, force: bool) -> None:
    """Make sure that a file of results can be written, and that there is room for it. Leaves nothing behind.

    Args:
        option: the option that names it, for the message.
        path: the file.
        force: whether one that is there already may be replaced.

    Raises:
        AsyncdemoError: it cannot (exit code 2).
    """
    try:
        check_writable(path, force=force)
        with tempfile.TemporaryFile(dir=Path(os.path.realpath(path)).parent) as file:
            file.write(bytes(ROOM))
            file.flush()
            os.fsync(file.fileno())
    except AsyncdemoError as refusal:
        raise AsyncdemoError(f"{option} {refusal.message}", refusal.exit_code) from refusal
    except OSError as error:
        raise AsyncdemoError(
            f"{option} {path} cannot be written: {error.strerror}.\nMake room there.", USAGE
        ) from error


def replace(option: str, path: str, data: bytes) -> None:
    """Write a whole file, all or nothing.

    Raises:
        AsyncdemoError: writing failed; what was there before is unchanged.
    """
    try:
        write_whole(path, [data])
    except OSError as error:
        raise AsyncdemoError(
            f"{option} {path} could not be written: {error.strerror}.\nWhat was there before is unchanged."
        ) from error
