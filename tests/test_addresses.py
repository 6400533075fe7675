"""Addresses are shown without their passwords."""

from __future__ import annotations

import pytest

from asyncdemo.addresses import Mask, masked


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0", id="no password"),
        pytest.param("redis://:secret@host", "redis://:***@host", id="a password alone"),
        pytest.param("mysql://root@host/db", "mysql://root@host/db", id="a user alone"),
        pytest.param("mysql://root:secret@host:1/db", "mysql://root:***@host:1/db", id="a user and a password"),
        pytest.param("mysql://root:@host", "mysql://root:***@host", id="an empty password"),
        pytest.param("mysql://u:a@b:c/d?e@host", "mysql://u:***@host", id="a password that should have been encoded"),
        pytest.param("u:secret@host", "u:***@host", id="no scheme"),
        pytest.param("pg://h/db?user=u&password=s%20t&x=1", "pg://h/db?user=u&password=***&x=1", id="in the query"),
        pytest.param("pg://h/db?PASSWD=secret", "pg://h/db?PASSWD=***", id="in the query, in capitals"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    """`***` stands where a password does; everything else can still be read."""
    assert masked(url) == shown


@pytest.mark.parametrize(
    ("url", "text", "shown"),
    [
        ("x://u:secret@h", "u said secret, not secrets", "u said ***, not secrets"),
        ("x://u:p%40ss@h", "p%40ss is p@ss", "*** is ***"),
        ("x://h?password=secret", "secret!", "***!"),
        ("x://h", "redis://a:b@c and (pg://d:e@f)", "redis://a:***@c and (pg://d:***@f)"),
        ("x://u:1@h", "1 of 10 at 0.1", "*** of 10 at 0.***"),
        (None, "semaphore:limit=5@uvloop", "semaphore:limit=5@uvloop"),
        (None, "x://u:secret@h", "x://u:***@h"),
    ],
)
def test_a_text_is_shown_without_passwords(url: str | None, text: str, shown: str) -> None:
    """The passwords of the address given are hidden wherever they stand by themselves, those of others with them."""
    assert Mask(url)(text) == shown
