"""The server that a concept talks to: one that is started for the run, or the one at `--url`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module, util
from inspect import iscoroutinefunction, signature
from typing import Any

from asyncdemo.addresses import Mask, masked
from asyncdemo.catalog.concept import Concept
from asyncdemo.cli.obstacles import install
from asyncdemo.errors import UNAVAILABLE, AsyncdemoError
from asyncdemo.run.tracebacks import text as traceback_text


@contextmanager
def served(concept: Concept, params: Mapping[str, Any], timeout_s: float | None = None) -> Iterator[Mapping[str, Any]]:
    """`params` with the address of a server that answers; one that was started for this is gone afterwards.

    Raises:
        AsyncdemoError: the library or the server is not there, or does not answer (exit code 3).
    """
    check_library(concept, params)
    name = concept.server_for(params)
    if name is None:
        yield params
        return
    from asyncdemo import servers
    from asyncdemo.servers.base import asking, keeping

    server = servers.find(name)
    if params["url"] is None:
        with keeping.embedded(server) as url, asking.without_echo(server):
            yield {**params, "url": url}
    else:
        asking.ping(server, params["url"], min(timeout_s or asking.PATIENCE_S, asking.PATIENCE_S))
        with asking.without_echo(server):
            yield params


def arguments(concept: Concept, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """What `main` is called with: `params`, and in the place of a work's name the function that does it."""
    work = concept.work(params)
    if work is None:
        return {name: value for name, value in params.items() if name != "work" or not concept.works}
    module = import_module(work.module)
    sleep = signature(import_module(concept.module).main).parameters["work"].default
    does = module.awaited if iscoroutinefunction(sleep) else module.blocking
    kept = {name: value for name, value in params.items() if name != "url"}
    return {**kept, "work": partial(does, url=params["url"]) if work.url else does}


def check_library(concept: Concept, params: Mapping[str, Any]) -> None:
    """Does nothing when the library that `concept` is about is there, and that which an option in `params` needs.

    Raises:
        AsyncdemoError: it is not (exit code 3); the message says what brings it.
    """
    if concept.library and util.find_spec(concept.library) is None:
        raise AsyncdemoError(
            f"{concept.name} needs {concept.library}, which is not installed.\n{install(concept)}", UNAVAILABLE
        )
    option = concept.extra_option(params)
    if option and option.extra and concept.optional and util.find_spec(concept.optional) is None:
        word, extra = option.extra
        raise AsyncdemoError(
            f"{concept.name} --{option.name} {word} needs {concept.optional}, which is not installed.\n"
            f"pip install 'asyncdemo[{extra}]'",
            UNAVAILABLE,
        )


def explaining(concept: Concept, params: Mapping[str, Any]) -> Callable[[BaseException], str]:
    """What to tell of an exception that ended a run with `params`: its traceback, or one sentence about the server."""

    def explain(error: BaseException) -> str:
        server = concept.server_for(params)
        if server is None:
            return traceback_text(error)
        from asyncdemo import servers
        from asyncdemo.servers.base import asking

        said = asking.told(servers.find(server), params["url"], error)
        return said or Mask(params["url"])(traceback_text(error))

    return explain


def mask(params: Mapping[str, Any]) -> Mask | None:
    """Hides the passwords of the address in `params`, or None when none was given."""
    url = params.get("url")
    return Mask(url) if isinstance(url, str) else None


def shown(params: Mapping[str, Any]) -> dict[str, Any]:
    """`params` as they may be seen."""
    url = params.get("url")
    return {**params, "url": masked(url)} if isinstance(url, str) else dict(params)
