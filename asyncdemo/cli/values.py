"""What options accept, and what is said when they are given something else."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from asyncdemo import quantities
from asyncdemo.addresses import masked
from asyncdemo.errors import USAGE, AsyncdemoError


@dataclass(frozen=True, slots=True)
class Value:
    """How the text after an option becomes a value.

    Attributes:
        metavar: the kind of value, as `--help` shows it.
        parse: makes the value of the text, or raises ValueError with the reason.
        minimum: the least value allowed, or None.
        maximum: the greatest value allowed, or None.
    """

    metavar: str
    parse: Callable[[str], Any]
    minimum: float | None = None
    maximum: float | None = None

    def read(self, option: str, text: str) -> Any:
        """The value of `text`.

        Raises:
            AsyncdemoError: it cannot be read or is out of bounds (exit code 2).
        """
        try:
            value = self.parse(text)
        except ValueError as error:
            raise AsyncdemoError(f"{option}: {error}", USAGE) from None
        if self.minimum is not None and value < self.minimum:
            raise AsyncdemoError(f"{option} {text} is too small: at least {self.minimum:,.10g} is needed", USAGE)
        if self.maximum is not None and value > self.maximum:
            raise AsyncdemoError(f"{option} {text} is too big: at most {self.maximum:,.10g} is allowed", USAGE)
        return value


def choice(*names: str) -> Value:
    """One of `names`."""

    def parse(text: str) -> str:
        if text in names:
            return text
        near = get_close_matches(text, names, 1)
        raise ValueError(f"{text!r} is none of {', '.join(names)}" + (f"; did you mean {near[0]}?" if near else ""))

    return Value("|".join(names), parse)


def duration(minimum: float | None = 0, maximum: float | None = None) -> Value:
    """Seconds, such as 0.5, 50ms, 2s or 1m."""
    return Value("DURATION", quantities.duration, minimum, maximum)


def count(minimum: float | None = None, maximum: float | None = None) -> Value:
    """A whole number, such as 10, 10k or 1M."""
    return Value("COUNT", quantities.count, minimum, maximum)


def number(minimum: float | None, maximum: float | None) -> Value:
    """A plain number."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"{text!r} is not a number")
        return value

    return Value("NUMBER", parse, minimum, maximum)


def address(usual: str) -> Value:
    """The address of a server of the kind that usually is at `usual`."""
    kind = usual.partition("://")[0]

    def parse(text: str) -> str:
        from urllib.parse import urlsplit

        try:
            parts = urlsplit(text)
            good = parts.scheme.startswith(kind) and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or any(each.isspace() for each in text):
            raise ValueError(f"{masked(text)!r} is not an address such as {usual}")
        return text

    return Value("URL", parse)


def scheduler() -> Value:
    """Where a cluster's scheduler is, with a port; or `local`, or `local:3` for three workers on this machine."""
    usual_port, most = 8786, 61

    def parse(text: str) -> str:
        from urllib.parse import urlsplit

        kind, _, number = text.partition(":")
        if kind == "local" and ((number.isascii() and number.isdecimal()) or text == kind):
            if number and not 1 <= int(number) <= most:
                raise ValueError(f"{text!r}: a local cluster has 1 to {most} workers")
            return text
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port or usual_port
            good = parts.scheme in {"tcp", "tls"} and host and not (parts.path or parts.query or parts.username)
        except ValueError:
            good = False
        if not good or any(each.isspace() for each in text):
            raise ValueError(f"{text!r} is neither an address such as tcp://scheduler:8786 nor local, nor local:4")
        return f"{parts.scheme}://{f'[{host}]' if ':' in str(host) else host}:{port}"

    return Value("ADDRESS", parse)


def boolean() -> Value:
    """Yes or no, where an option cannot be a flag."""
    words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

    def parse(text: str) -> bool:
        if text.lower() not in words:
            raise ValueError(f"{text!r} is neither yes nor no")
        return words[text.lower()]

    return Value("yes|no", parse)


def text(metavar: str) -> Value:
    """Anything."""
    return Value(metavar, str)


def percentage() -> Value:
    """Per cent above 0, such as 10% or 2.5."""

    def parse(text: str) -> float:
        try:
            value = float(text.strip().removesuffix("%"))
        except ValueError:
            value = math.nan
        if not 0 < value < math.inf:
            raise ValueError(f"{text!r} is not a percentage above 0: write 10% or 2.5%")
        return value

    return Value("PERCENT", parse)
