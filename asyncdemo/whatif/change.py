"""What may be changed in a program before it is run again, and how that is written: `limit=10`, `batch=50`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.quantities import count, duration

GRAMMAR = (
    ("limit=N", "slots of a semaphore"),
    ("workers=N", "threads or processes of a pool, or tasks that take from one queue"),
    ("maxsize=N", "room in a queue that such tasks take from"),
    ("batch=N", "tasks that a loop makes and awaits at a time"),
    ("no wait AT FILE:LINE", "what is awaited at this line comes at once"),
    ("wait AT FILE:LINE=TIME", "it takes so long (50ms), or so many times as long (x0.5)"),
)
CHOOSING = "`limit of NAME=N` and `limit AT FILE:LINE=N` choose one of several; a comma joins changes"
MOST = 1_000_000

_NUMBER = re.compile(r"(limit|workers|maxsize|batch)(?: of (.+?)| AT (.+?:\d+))? ?= ?(.+)")
_NO_WAIT = re.compile(r"no wait AT (.+?:\d+)")
_WAIT = re.compile(r"wait AT (.+?:\d+) ?= ?(x?)(.+)")


@dataclass(frozen=True, slots=True)
class Number:
    """Another number of something.

    Attributes:
        text: as it was given.
        subject: `limit`, `workers`, `maxsize` or `batch`.
        name: of what, or "".
        place: `FILE:LINE` of what, or "".
        number: 1 and up.
    """

    text: str
    subject: str
    name: str
    place: str
    number: int


@dataclass(frozen=True, slots=True)
class Length:
    """Another length of the waits at a line.

    Attributes:
        text: as it was given.
        place: `FILE:LINE`.
        ns: how long each takes, or None.
        factor: how many times as long as it did, where `ns` is None; 0 for no wait at all.
    """

    text: str
    place: str
    ns: int | None
    factor: float


Change = Number | Length


def parse(text: str) -> tuple[Change, ...]:
    """The changes that `text` stands for, one or several.

    Raises:
        AsyncdemoError: it is none; the message says what is allowed.
    """
    return tuple(_one(part.strip(), text) for part in text.split(","))


def _one(part: str, text: str) -> Change:
    given = " ".join(part.split())
    try:
        if match := _NUMBER.fullmatch(given):
            subject, name, place, number = match.groups()
            return Number(given, subject, name or "", place or "", _number(number))
        if match := _NO_WAIT.fullmatch(given):
            return Length(given, match[1], None, 0.0)
        if match := _WAIT.fullmatch(given):
            return _length(given, *match.groups())
    except ValueError as error:
        raise AsyncdemoError(f"--what-if {text!r}: {error}", USAGE) from None
    allowed = ", ".join(f"'{form}'" for form, _ in GRAMMAR)
    raise AsyncdemoError(f"--what-if {text!r} is no change that can be simulated\nallowed: {allowed}", USAGE)


def _number(text: str) -> int:
    number = count(text)
    if not 1 <= number <= MOST:
        raise ValueError(f"{text} is out of range: 1 to {MOST:,}")
    return number


def _length(given: str, place: str, times: str, text: str) -> Length:
    if times:
        factor = float(text) if re.fullmatch(r"\d+\.?\d*|\.\d+", text) else -1.0
        if not 0 <= factor <= MOST:
            raise ValueError(f"x{text} is no factor: write x0.5 or x2, at most x{MOST:,}")
        return Length(given, place, None, factor)
    seconds = duration(text)
    if not 0 <= seconds <= MOST:
        raise ValueError(f"{text} is out of range: 0 to {MOST:,} seconds")
    return Length(given, place, round(seconds * 1e9), 0.0)
