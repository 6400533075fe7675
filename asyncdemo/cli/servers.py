"""`asyncdemo servers [URL...]`: the servers of the library concepts, and whether those at some addresses answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from operator import itemgetter
from time import perf_counter
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperOption

from asyncdemo import catalog, servers
from asyncdemo.addresses import masked
from asyncdemo.cli.obstacles import install
from asyncdemo.cli.values import address, duration
from asyncdemo.errors import UNAVAILABLE, AsyncdemoError
from asyncdemo.servers.base.server import installed

_HELP = """List the concepts that talk to a server: is the library installed, and which server can be started here.

With addresses: whether the servers there answer. Exit code 3: one does not."""


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `servers` command."""
    urls = TyperArgument(
        param_decls=["urls"], type=str, nargs=-1, metavar="URL...", help="ask these, such as redis://127.0.0.1:6379"
    )
    as_json = TyperOption(param_decls=["--json", "as_json"], is_flag=True, default=False, help="as a JSON array")
    timeout = TyperOption(
        param_decls=["--timeout"], type=str, default="5", metavar="DURATION", help="how long a server may take"
    )
    return TyperCommand("servers", help=_HELP, callback=_servers, params=[urls, timeout, as_json])


def _servers(urls: tuple[str, ...] | None, timeout: str, as_json: bool) -> int:
    patience_s = duration(0.001, 3600).read("--timeout", timeout)
    usual = {each.usual: each for each in map(_Known, servers.names())}
    if not urls:
        _list([row for each in usual.values() for row in each.described], as_json)
        return 0
    asked = [(url, _meant(url, list(usual.values()))) for url in urls]
    answers = [_asked(url, known.server, patience_s) for url, known in asked]
    if as_json:
        print(json.dumps(answers, indent=2))
    else:
        for each in answers:
            print(f"{each['url']}  {'answers: ' + each['version'] if each['version'] else each['fault']}")
    return 0 if all(each["version"] for each in answers) else UNAVAILABLE


class _Known:
    """A server with the concepts that talk to it, which state its usual address."""

    def __init__(self, name: str) -> None:
        self.server = servers.find(name)
        self.concepts = [each for each in catalog.concepts() if each.server == name]
        options = catalog.find(self.concepts[0].name).options if self.concepts else ()
        self.usual = next((str(each.default) for each in options if each.type == "url"), f"{name}://127.0.0.1")

    @property
    def described(self) -> list[dict[str, Any]]:
        """What the list says of each concept."""
        server = self.server
        return [
            {
                "concept": each.name,
                "server": server.name,
                "title": server.title,
                "library": each.library or server.library,
                "library_version": installed(each.library or server.library),
                "embedded": server.distribution or server.embedded,
                "embedded_version": server.embedded_version(),
                "install": install(each),
                "usual_url": self.usual,
            }
            for each in self.concepts
        ]


def _meant(url: str, known: Sequence[_Known]) -> _Known:
    """The kind of server that is at `url`.

    Raises:
        AsyncdemoError: it is no address of a server that is known here (exit code 2).
    """
    for each in known:
        try:
            address(each.usual).parse(url)
        except ValueError:
            continue
        return each
    shown = ", ".join(each.usual.partition("://")[0] for each in known)
    raise AsyncdemoError(
        f"{masked(url)!r} is no address of a server that asyncdemo knows.\nAn address begins with one of {shown}.", 2
    )


def _asked(url: str, server: servers.Server, patience_s: float) -> dict[str, Any]:
    version, fault, began = None, None, perf_counter()
    try:
        version = _version(url, server, patience_s)
    except AsyncdemoError as refusal:
        fault = refusal.message.partition("\n")[0].removeprefix(f"The server at {masked(url)} ")
    took_ms = round((perf_counter() - began) * 1e3, 1)
    return {"url": masked(url), "server": server.name, "version": version, "fault": fault, "took_ms": took_ms}


def _version(url: str, server: servers.Server, patience_s: float) -> str:
    from asyncdemo.servers.base.asking import ping

    if server.library_version() is None:
        raise AsyncdemoError(f"cannot be asked without {server.library}: {server.install}", UNAVAILABLE)
    return ping(server, url, patience_s)


def _list(described: Sequence[dict[str, Any]], as_json: bool) -> None:
    described = sorted(described, key=itemgetter("concept"))
    if as_json:
        print(json.dumps(described, indent=2))
        return
    rows = [("concept", "library", "embedded server", "")]
    rows += [(each["concept"], _said(each, "library"), _said(each, "embedded"), _missing(each)) for each in described]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _said(each: dict[str, Any], what: str) -> str:
    if each[what] is None:
        return "none: name one with --url"
    version = each[f"{what}_version"]
    return f"{each[what]} {version or ''}".rstrip() if version is not None else f"{each[what]} is missing"


def _missing(each: dict[str, Any]) -> str:
    missing = [what for what in ("library", "embedded") if each[what] and each[f"{what}_version"] is None]
    return each["install"] if missing else ""
