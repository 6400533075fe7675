"""Recordings in parts: files that are written while a program runs, and that may end anywhere.

The magic line is followed by pieces, one appended to the other: a prefix (the length of what the piece says of itself,
that of its bytes, a checksum of all), what it says (JSON) and its bytes. A piece that says `commit` stands for all
before it: what follows the last of these is as if it was not there. What the pieces mean is known to the recorder.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

MAGIC: Final = b"asyncdemo parts\n"
"""As long as the first line of a whole trace."""
VERSION: Final = 1
PREFIX: Final = struct.Struct("<III")
AT_ONCE: Final = 4096
"""Bytes: of more than five thousand `zlib` lets other threads have the interpreter, which takes longer to get back."""

_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""Not escaped to ASCII: two lone surrogates in a row would come back as one character."""

Bytes = bytes | bytearray | memoryview
Piece = tuple[Mapping[str, Any], Bytes]


class UnusableError(Exception):
    """Why a file cannot be loaded: the rest of a sentence that starts with the file, and what to do."""


def written(about: Mapping[str, Any], body: Bytes = b"") -> tuple[bytes, Bytes]:
    """A piece as it lies in a file: two parts, of which the second is `body` itself."""
    said = _JSON.encode(about).encode("utf-8", "surrogatepass")
    lengths = (len(said), len(body))
    return PREFIX.pack(*lengths, _crc(lengths, said, body)) + said, body


def committed(data: memoryview) -> list[tuple[dict[str, Any], memoryview]]:
    """The pieces of a file, from behind its magic line, up to the last one that says `commit`.

    Raises:
        ValueError: what a piece says is no JSON object: it was not written by `written`.
    """
    found = list(_whole(data))
    while found and "commit" not in found[-1][0]:
        found.pop()
    return found


def _whole(data: memoryview) -> Iterator[tuple[dict[str, Any], memoryview]]:
    """The pieces that are there from the first to the last byte, up to the first one that is not."""
    while len(data) >= PREFIX.size:
        said_length, body_length, crc = PREFIX.unpack_from(data)
        begin, end = PREFIX.size + said_length, PREFIX.size + said_length + body_length
        said, body = data[PREFIX.size : begin], data[begin:end]
        if end > len(data) or _crc((said_length, body_length), said, body) != crc:
            return
        about = json.loads(str(said, "utf-8", "surrogatepass"))
        if type(about) is not dict:
            raise ValueError(about)
        yield about, body
        data = data[end:]


def _crc(lengths: tuple[int, int], said: Bytes, body: Bytes) -> int:
    crc = zlib.crc32(PREFIX.pack(*lengths, 0))
    for part in (memoryview(said), memoryview(body)):
        for start in range(0, len(part), AT_ONCE):
            crc = zlib.crc32(part[start : start + AT_ONCE], crc)
    return crc
