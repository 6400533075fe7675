"""Saving and loading traces.

A file is the magic line, a fixed prefix (format version, the header's stored and real length, a checksum), the header
(JSON, compressed) and the columns. A column is stored byte plane by byte plane: the lowest byte of every value, then
the next byte of every value and so on. The high planes of times and indices hardly change and compress to nothing, the
low ones are noise and stored as they are, which is as fast as the standard library can do it, and small.

What there is to store comes from the tables of `asyncdemo.trace`; a new column or table needs no edit here. A column
that a file lacks is filled with `NONE` (0 in `Int8` columns), and one that is not known is passed over.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, reduce
from pathlib import Path
from typing import Any, Final, NamedTuple

from asyncdemo import journal
from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.files import check_writable, reason, write_whole
from asyncdemo.journal import UnusableError
from asyncdemo.schema import reference, schema, tables
from asyncdemo.trace import NONE, VERSION, Loss, Outcome, Trace, Wait

MAGIC: Final = b"asyncdemo trace\n"
FIRST_LINES: Final = (MAGIC, journal.MAGIC)
PREFIX: Final = struct.Struct("<IIII")
"""Format version, stored length of the header, its real length, checksum of these three and of the stored header."""
SIZES: Final = {"b": 1, "i": 4, "q": 8}
SAMPLE: Final = 8192
"""Bytes from the middle of a plane that tell whether it is worth compressing."""
WORTH: Final = 0.7
"""A plane is compressed when its sample shrinks below this part."""

ENUMS: Final = {"outcome": frozenset(Outcome), "kind": frozenset(Wait), "loss": frozenset(Loss)}
"""`Int8` columns with few values."""

LANES: Final = 4096
"""Values that are checked at a time: few enough to stay in the processor's cache."""

MALFORMED: Final = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
"""What reading a header that `save` did not write can raise."""

AGAIN: Final = "Copy it again from where it was saved, or record anew."

Bytes = bytes | memoryview


def save(trace: Trace, path: str | Path, *, force: bool = False, partial: str | None = None) -> None:
    """Write `trace` to the file `path`, all or nothing.

    Args:
        trace: what to save; nothing of it is lost.
        path: where to; its folder exists.
        force: replace a file that is there already.
        partial: the file that holds what was saved while it was recorded, if any; it is replaced, or gone afterwards.

    Raises:
        AsyncdemoError: `check_writable` refuses it (exit code 2), or writing failed (1); what was there before is
            unchanged.
    """
    in_place = partial is not None and os.path.realpath(path) == partial
    try:
        check_writable(path, force=force or in_place)
        write_whole(path, _chunks(trace))
    except OSError as error:
        kept = "What was there before is unchanged."
        if partial is not None:
            kept = f"What was saved of it before that is in {path if in_place else partial}."
        raise AsyncdemoError(
            f"The trace could not be saved to {path}: {error.strerror}.\n"
            f"{kept} Make room there, or save to another place.",
        ) from error
    if partial is not None and not in_place:
        Path(partial).unlink(missing_ok=True)


def load(path: str | Path) -> Trace:
    """Read a trace that `save` wrote, or what was saved of a recording before it was cut off.

    Args:
        path: the file.

    Returns:
        The trace; its columns are read-only memoryviews. When its recording was cut off, because the program was
        killed for example, `meta["cut_off"]` tells when something was saved for the last time (ISO 8601, UTC).

    Raises:
        AsyncdemoError: the file cannot be read (exit code 2), or is no trace, damaged, cut short or of a newer
            format (1).
    """
    try:
        with Path(path).open("rb") as file:
            magic = file.read(len(MAGIC))
            data = file.read() if magic in FIRST_LINES else b""
    except (OSError, ValueError) as error:
        raise AsyncdemoError(
            f"The trace {path} cannot be read: {reason(error)}.\nName a file that --save wrote.", USAGE
        ) from error
    try:
        _check_magic(magic)
        return _in_parts(memoryview(data)) if magic == journal.MAGIC else _trace(memoryview(data))
    except UnusableError as error:
        raise AsyncdemoError(f"The file {path} {error}") from error


def is_trace(path: str | Path) -> bool:
    """Whether the file `path` begins as one that `load` reads; False when it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(MAGIC)) in FIRST_LINES
    except (OSError, ValueError):
        return False


class _Stored(NamedTuple):
    """A column as it lies in a file."""

    name: str
    type: str
    rows: int
    planes: list[tuple[str, int]]
    crc: int
    data: memoryview


# Writing


def _chunks(trace: Trace) -> list[bytes]:
    described = {}
    body: list[bytes] = []
    for name, table in trace.tables():
        columns = {}
        for column, code in schema()[name].items():
            planes = [_shrunk(plane) for plane in _planes(getattr(table, column), code)]
            lengths = [(kind, len(data)) for kind, data in planes]
            columns[column] = {"type": code, "planes": lengths, "crc": _crc(data for _, data in planes)}
            body.extend(data for _, data in planes)
        described[name] = {"rows": len(table), "columns": columns}
    about = {"duration_ns": trace.duration_ns, "meta": dict(trace.meta), "lost": dict(trace.lost)}
    return [*_head({**about, "strings": trace.strings, "tables": described}), *body]


def _head(header: Mapping[str, Any]) -> tuple[bytes, bytes, bytes]:
    # Not escaped to ASCII: two lone surrogates in a row would come back as one character.
    raw = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    stored = zlib.compress(raw, 1)
    sizes = (VERSION, len(stored), len(raw))
    return MAGIC, PREFIX.pack(*sizes, _head_crc(sizes, stored)), stored


def _head_crc(sizes: tuple[int, int, int], stored: Bytes) -> int:
    return _crc([PREFIX.pack(*sizes, 0), stored])


def _crc(parts: Iterable[Bytes]) -> int:
    return reduce(lambda crc, part: zlib.crc32(part, crc), parts, 0)


def _planes(column: Sequence[int], code: str) -> list[bytes]:
    view = column if isinstance(column, memoryview) and column.format == code else memoryview(array(code, column))
    data = view.tobytes()
    return [data[offset :: SIZES[code]] for offset in _offsets(code)] if data else []


def _offsets(code: str) -> range:
    """Where the bytes of a value lie in memory, the lowest one first."""
    size = SIZES[code]
    return range(size) if sys.byteorder == "little" else range(size - 1, -1, -1)


def _shrunk(plane: bytes) -> tuple[str, bytes]:
    if plane == plane[:1] * len(plane):
        return "zlib", _run(plane[:1], len(plane))
    middle = len(plane) // 2
    sample = plane[middle : middle + SAMPLE]
    if len(zlib.compress(sample, 1)) > WORTH * len(sample):
        return "raw", plane
    return "zlib", zlib.compress(plane, 1)


@lru_cache(maxsize=4)
def _run(byte: bytes, length: int) -> bytes:
    """Most planes are all zero: that is worth compressing once."""
    return zlib.compress(byte * length, 1)


# Reading


def _check_magic(magic: bytes) -> None:
    if not any(line.startswith(magic) for line in FIRST_LINES):
        raise UnusableError("is no asyncdemo trace.\nTraces are the files that --save writes.\nName one of those.")
    if magic not in FIRST_LINES:
        raise _cut_short(len(MAGIC) + PREFIX.size - len(magic))


def _cut_short(missing: int) -> UnusableError:
    return UnusableError(f"is cut short: at least {missing} bytes are missing at its end.\n{AGAIN}")


def _damaged(what: str) -> UnusableError:
    return UnusableError(f"is damaged: {what}.\n{AGAIN}")


def _trace(data: memoryview) -> Trace:
    """The trace in what follows the magic line."""
    try:
        header, body = _split(data)
        trace = Trace(
            meta=_typed(dict, header["meta"]),
            duration_ns=_typed(int, header["duration_ns"]),
            strings=tuple(_typed(str, each) for each in _typed(list, header["strings"])),
            lost={name: _typed(int, count) for name, count in _typed(dict, header["lost"]).items()},
            **{name: _table(name, stored) for name, stored in _layout(header, body).items()},
        )
    except (*MALFORMED, zlib.error) as error:
        raise _damaged(f"its header makes no sense ({type(error).__name__})") from error
    _check_values(trace)
    return trace


def _in_parts(data: memoryview) -> Trace:
    """The trace of a recording that was cut off, in what follows the magic line."""
    from asyncdemo.recorder.restoring import restored

    try:
        trace = restored(data)
    except (*MALFORMED, struct.error) as error:
        raise _damaged(f"its parts make no sense ({type(error).__name__})") from error
    _check_values(trace)
    return trace


def _split(data: memoryview) -> tuple[dict[str, Any], memoryview]:
    """The header and the columns' bytes."""
    if len(data) < PREFIX.size:
        raise _cut_short(PREFIX.size - len(data))
    version, length, real_length, crc = PREFIX.unpack_from(data)
    if version > VERSION:
        raise UnusableError(
            f"was saved by a newer asyncdemo, in format {version}.\nThis one reads formats up to {VERSION}.\n"
            "Upgrade it (pip install --upgrade asyncdemo), or record anew."
        )
    stored, body = data[PREFIX.size : PREFIX.size + length], data[PREFIX.size + length :]
    if len(stored) < length:
        raise _cut_short(length - len(stored))
    if _head_crc((version, length, real_length), stored) != crc:
        raise _damaged("the checksum of its header is wrong")
    text = str(_inflated(stored, real_length), "utf-8", "surrogatepass")
    return _typed(dict, json.loads(text)), body


def _inflated(stored: Bytes, length: int) -> bytes:
    # Bounded: a wrong length, or a file made to swell, must not take all memory.
    inflater = zlib.decompressobj()
    data = inflater.decompress(stored, length + 1)
    if len(data) != length or not inflater.eof:
        raise ValueError(length)
    return data


def _typed(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(value)
    return value


def _size(value: Any) -> int:
    if _typed(int, value) < 0:
        raise ValueError(value)
    return int(value)


def _layout(header: Mapping[str, Any], body: memoryview) -> dict[str, list[_Stored]]:
    """The columns that are known, by table."""
    found: dict[str, list[_Stored]] = {name: [] for name in tables()}
    end = 0
    for table, described in header["tables"].items():
        rows = _size(described["rows"])
        for name, column in described["columns"].items():
            planes = [(kind, _size(length)) for kind, length in column["planes"]]
            start, end = end, end + sum(length for _, length in planes)
            stored = _Stored(name, column["type"], rows, planes, column["crc"], body[start:end])
            if name in schema().get(table, {}):
                found[table].append(stored)
    if end > len(body):
        raise _cut_short(end - len(body))
    if end < len(body):
        raise _damaged("something follows its end")
    return found


def _table(name: str, stored: list[_Stored]) -> Any:
    codes = schema()[name]
    columns = {column.name: _column(f"{name}.{column.name}", codes[column.name], column) for column in stored}
    # The number of rows is believed only where a column has as many.
    rows = stored[0].rows if stored else 0
    missing = {column: _filled(code, rows) for column, code in codes.items() if column not in columns}
    return tables()[name](**columns, **missing)


def _filled(code: str, rows: int) -> memoryview:
    return memoryview(array(code, [0 if code == "b" else NONE]) * rows).toreadonly()


def _column(label: str, code: str, stored: _Stored) -> memoryview:
    if zlib.crc32(stored.data) != stored.crc:
        raise _damaged(f"the checksum of {label} is wrong")
    if stored.type != code or len(stored.planes) != (SIZES[code] if stored.rows else 0):
        raise ValueError(label)
    planes = []
    end = 0
    for kind, length in stored.planes:
        start, end = end, end + length
        planes.append(_plane(kind, stored.data[start:end], stored.rows))
    zeros = bytes(stored.rows)
    values = bytearray(len(planes) * stored.rows)
    for offset, plane in zip(_offsets(code), planes, strict=False):
        if plane != zeros:
            values[offset :: SIZES[code]] = plane
    return memoryview(values).toreadonly().cast(code)  # type: ignore[call-overload, no-any-return]


def _plane(kind: str, data: memoryview, rows: int) -> Bytes:
    if kind == "zlib":
        return _inflated(data, rows)
    if kind != "raw" or len(data) != rows:
        raise ValueError(kind)
    return data


def _check_values(trace: Trace) -> None:
    """Every reference leads to a row that is there, every code has a meaning."""
    for name, table in trace.tables():
        for column, code in schema()[name].items():
            values = getattr(table, column)
            target, low = reference(name, column)
            if code == "i" and target and not _within(values, low, len(getattr(trace, target))):
                raise _damaged(f"{name}.{column} refers to {target} that are not there")
            if code == "b" and not set(values) <= ENUMS.get(column, set(values)):
                raise _damaged(f"{name}.{column} has values without a meaning")


def _within(column: memoryview, low: int, end: int) -> bool:
    """Whether all of an `Int32` column is at least `low` (at most 0) and below `end` (at least 0)."""
    parts = (column[start : start + LANES] for start in range(0, len(column), LANES))
    return all(_lanes_within(part, low, end) for part in parts)


def _lanes_within(column: memoryview, low: int, end: int) -> bool:
    # One integer with a lane of 32 bits a value: a tenth of the time of min() and max(). In the lower 31 bits of a lane
    # nothing can carry into the next one; the sign bit of a sum then tells what the value is.
    ones = _ones(len(column))
    signs = ones << 31
    lanes = int.from_bytes(column.tobytes(), sys.byteorder)
    negative = lanes & signs
    lower = lanes ^ negative
    beyond = (lower + ones * (2**31 - end)) & signs
    enough = (lower + ones * -low) & signs
    return beyond & negative == beyond and negative & enough == negative


@lru_cache(maxsize=2)
def _ones(lanes: int) -> int:
    return int.from_bytes(b"\x01\x00\x00\x00" * lanes, "little")
