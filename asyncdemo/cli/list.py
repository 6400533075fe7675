"""`asyncdemo list`: the concepts by chapter. Printed without Rich, which would be most of what the command costs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperOption

from asyncdemo import catalog
from asyncdemo.catalog import Summary
from asyncdemo.cli import terminal
from asyncdemo.cli.obstacles import obstacle
from asyncdemo.errors import USAGE, AsyncdemoError

if TYPE_CHECKING:
    from asyncdemo.catalog.concept import Option

_HINT = (
    "asyncdemo NAME runs one, asyncdemo show NAME explains it, asyncdemo tour walks through them all, "
    "asyncdemo run SCRIPT looks at a program of your own."
)


_NARROW, _NARROWEST = 60, 16
"""On a terminal with fewer columns summaries stand under the names; none is taken to have fewer than these."""
_INDENT = 4


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `list` command."""
    chapter = TyperOption(param_decls=["--chapter"], type=str, metavar="CHAPTER", help="only this chapter")
    as_json = TyperOption(param_decls=["--json", "as_json"], is_flag=True, default=False, help="as a JSON array")
    return TyperCommand("list", help="List the concepts.", callback=list_concepts, params=[chapter, as_json])


def list_concepts(chapter: str | None, as_json: bool) -> None:
    """Prints the concepts, of one chapter or of all."""
    chosen = of_chapter(chapter)
    if as_json:
        import json

        print(json.dumps([_described(each.name) for each in chosen], indent=2))
        return
    for line in _lines(chosen):
        print(line)


def _described(name: str) -> dict[str, Any]:
    """Everything that there is to know of a concept before it runs."""
    concept = catalog.find(name)
    return {
        "name": concept.name,
        "chapter": concept.chapter,
        "summary": concept.summary,
        "guide": concept.guide,
        "options": [_option(each) for each in concept.options],
        "ideal": concept.ideal_in_words(),
        "examples": concept.examples,
        "needs": {
            "real_clock": concept.real_only,
            "library": concept.library,
            "extra": concept.extra,
            "server": concept.server,
            "platform": concept.platform,
        },
        "obstacle": obstacle(concept),
    }


def _option(option: Option) -> dict[str, Any]:
    from asyncdemo.cli.concept_options import flag

    return {
        "name": option.name,
        "flag": flag(option),
        "type": option.type,
        "default": option.default,
        "unit": option.unit,
        "minimum": option.minimum,
        "maximum": option.maximum,
        "choices": option.choices or None,
        "help": option.help,
        "needs": {"real_clock": option.needs},
    }


def of_chapter(asked: str | None) -> list[Summary]:
    """The concepts of the chapter that `asked` names, by folder or by title; all concepts for None.

    Raises:
        AsyncdemoError: there is no such chapter (exit code 2).
    """
    folder = asked and _folder(asked)
    return [each for each in catalog.concepts() if folder in {None, each.chapter}]


def _folder(asked: str) -> str:
    """The folder of the chapter that `asked` names, by folder or by title."""
    used = {each.chapter for each in catalog.concepts()}
    chapters = [each for each in catalog.chapters() if each.folder in used]
    known = {name.lower(): each.folder for each in chapters for name in (each.title, each.folder)}
    if asked.lower() in known:
        return known[asked.lower()]
    near = get_close_matches(asked.lower(), known, 1)
    question = f"; did you mean {known[near[0]]!r}?" if near else "."
    folders = ", ".join(each.folder for each in chapters)
    raise AsyncdemoError(f"There is no chapter {asked!r}{question}\nChapters are {folders}.", USAGE)


def _lines(chosen: list[Summary]) -> Iterator[str]:
    bold, cyan, dim, plain = _styles()
    piped = not terminal.is_terminal(sys.stdout)
    columns = max(terminal.columns(sys.stdout) - 1, _NARROWEST)
    narrow = not piped and columns < _NARROW
    margin = max((len(each.name) for each in chosen), default=0) + 4
    for chapter in catalog.chapters():
        concepts = [each for each in chosen if each.chapter == chapter.folder]
        if concepts:
            yield f"{bold}{chapter.title}{plain}"
        for each in concepts:
            why_not = obstacle(each)
            text = each.summary + (f" Not here: {why_not}." if why_not else "")
            if narrow:
                yield f"  {cyan}{each.name}{plain}"
                yield from (" " * _INDENT + line for line in wrap(text, columns - _INDENT))
                continue
            summary = [text] if piped else wrap(text, columns - margin)
            yield f"  {cyan}{each.name:{margin - 4}}{plain}  {summary[0]}"
            yield from (" " * margin + line for line in summary[1:])
        if concepts:
            yield ""
    yield from (f"{dim}{line}{plain}" for line in ([_HINT] if piped else wrap(_HINT, columns)))


def _styles() -> tuple[str, str, str, str]:
    """Bold, cyan, dim and back to plain; nothing where there are no colours."""
    if terminal.wants_color(sys.stdout):
        return "\x1b[1m", "\x1b[36m", "\x1b[2m", "\x1b[0m"
    return "", "", "", ""
