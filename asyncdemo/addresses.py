"""Addresses of servers, and how they are shown: without their passwords."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote

HIDDEN = "***"

_IN_QUERY = re.compile(r"(?P<name>[?&](?:pass|passwd|password|pwd|secret|token)=)[^&\s]*", re.IGNORECASE)
_ADDRESS = re.compile(r"\S+://\S+")


def masked(url: str) -> str:
    """`url`, or what somebody has taken for one, with `***` where a password stands or may stand."""
    user, at, host = url.rpartition("@")
    start = user.find("://") + 3 if "://" in user else 0
    name, colon, _ = user[start:].partition(":")
    shown = f"{user[:start]}{name}:{HIDDEN}{at}{host}" if at and colon else url
    return _IN_QUERY.sub(rf"\g<name>{HIDDEN}", shown)


class Mask:
    """Hides in any text the passwords of an address, and those of all other addresses in it.

    Args:
        url: the address, or None when there is none.
    """

    def __init__(self, url: str | None = None) -> None:
        secrets = sorted(_secrets(url), key=len, reverse=True) if url else []
        words = "|".join(re.escape(each) for each in secrets)
        # A short password is a part of many words, and is one only where it stands by itself.
        self._secret = re.compile(rf"(?<!\w)(?:{words})(?!\w)") if words else None

    def __call__(self, text: str) -> str:
        """`text` without passwords."""
        if "://" in text:
            text = _ADDRESS.sub(lambda found: masked(found[0]), text)
        return self._secret.sub(HIDDEN, text) if self._secret else text


def _secrets(url: str) -> set[str]:
    """The passwords in `url`, as they are written there and as they are meant."""
    user = url.rpartition("@")[0].rpartition("://")[2]
    written = {user.partition(":")[2]}
    for name, value in parse_qsl(url.partition("?")[2]):
        if _IN_QUERY.match(f"?{name}="):
            written.add(value)
    return {form for each in written if each for form in (each, unquote(each))}
