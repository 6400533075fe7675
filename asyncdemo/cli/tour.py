"""`asyncdemo tour`: the guide concept by concept; off a terminal all of it in one go, as a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand, TyperOption

from asyncdemo import catalog
from asyncdemo.catalog.concept import Concept
from asyncdemo.cli import run_options, terminal
from asyncdemo.cli.list import of_chapter
from asyncdemo.errors import USAGE, AsyncdemoError

_WITHOUT = ("clock", "seed", "format", "save", "output", "view", "force", "json", "quiet")
_HELP = """Walk through the guide, concept by concept.

On a terminal each concept is introduced, runs live and shows its verdict: Enter goes on, s skips a concept, q quits.
Elsewhere everything runs, in virtual time where it can, and a table says how it went. Exit code 1: something failed."""


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `tour` command."""
    chapter = TyperOption(param_decls=["--chapter"], type=str, metavar="CHAPTER", help="only this chapter")
    first = TyperOption(param_decls=["--from", "first"], type=str, metavar="CONCEPT", help="begin with this concept")
    return TyperCommand("tour", help=_HELP, callback=_tour, params=[chapter, first, *run_options.declared(*_WITHOUT)])


def _tour(chapter: str | None, first: str | None, **given: Any) -> int:
    options = run_options.read(given)
    stops = _stops(chapter, first)
    if terminal.is_terminal(sys.stdin) and terminal.is_terminal(sys.stdout):
        from asyncdemo.cli import walk

        return walk.walk(stops, options)
    from asyncdemo.cli import trial

    return trial.try_all(stops, options)


def _stops(chapter: str | None, first: str | None) -> list[Concept]:
    """The concepts to see, in the order of the guide.

    Raises:
        AsyncdemoError: there is no such chapter, or no such concept in it (exit code 2).
    """
    names = [each.name for each in of_chapter(chapter)]
    if first is not None and first not in names:
        begin = catalog.find(first)
        raise AsyncdemoError(f"{first} is not in that chapter.\nIt is in {begin.chapter}.", USAGE)
    return [catalog.find(name) for name in names[names.index(first) if first else 0 :]]
