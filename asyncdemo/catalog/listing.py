"""Which concepts there are, from the heads of their files: cheap, for it runs with every command."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from asyncdemo.errors import USAGE, AsyncdemoError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncdemo.catalog.concept import Concept

FOLDER = Path(__file__).parents[1] / "concepts"
_HEAD = re.compile(r'"""(?P<summary>.+)\n(?:.*\n)*?Guide: (?P<guide>(?P<section>\d+(?:\.\d+)*) .+)\n')
_ALSO = re.compile(r"^Also: (.+)$", re.MULTILINE)
_EXTRA = re.compile(r"^Extra: (.+)$", re.MULTILINE)
_SERVER = re.compile(r"^Server: (.+)$", re.MULTILINE)
_IMPORTED = re.compile(r"^(?:import|from) (\w+)", re.MULTILINE)


class Chapter(NamedTuple):
    """A chapter of the guide: its folder in `concepts/`, by which commands know it, and its title for people."""

    folder: str
    title: str


class Summary(NamedTuple):
    """What the head of a concept's file says."""

    name: str
    """Its command, such as `priority-queue`."""
    chapter: str
    """Its chapter's folder."""
    summary: str
    """One sentence."""
    guide: str
    """Number and heading of the guide's section, numbered by us: `3.2 Asynchronous Semaphore`."""
    also: tuple[str, ...]
    """What a reader may type instead of its name."""
    path: Path
    library: str | None = None
    """The package that it is about and that does not come with Python."""
    extra: str | None = None
    """The extra of asyncdemo that brings the library."""
    server: str | None = None
    """The server that it talks to."""


CHAPTERS = (
    Chapter("basics", "Basics"),
    Chapter("sync", "Synchronization"),
    Chapter("iteration", "Iterators and generators"),
    Chapter("failure", "Exceptions and cancellation"),
    Chapter("beyond", "Beyond the loop"),
    Chapter("libraries", "Libraries"),
    Chapter("advanced", "Advanced topics"),
    Chapter("performance", "Performance"),
    Chapter("pitfalls", "Pitfalls"),
    Chapter("debugging", "Debugging and monitoring"),
    Chapter("ways", "Ways of doing jobs"),
    Chapter("choosing", "When to choose asyncio"),
)


def chapters() -> tuple[Chapter, ...]:
    """All chapters in list order, those that hold no concept yet included."""
    return CHAPTERS


@cache
def concepts(folder: Path = FOLDER) -> tuple[Summary, ...]:
    """All concepts in list order: by chapter, then by section of the guide.

    Raises:
        AsyncdemoError: a file has no summary or no `Guide:` line (exit code 1).
    """
    return tuple(concept for chapter in CHAPTERS for concept in _chapter(folder / chapter.folder))


def find(name: str, folder: Path = FOLDER) -> Concept:
    """The concept called `name`, read whole.

    Raises:
        AsyncdemoError: there is none (exit code 2; the message suggests a near one), or its file breaks the rules for
            concept files (exit code 1; the message names file and line).
    """
    from asyncdemo.catalog.reading import read

    for concept in concepts(folder):
        if concept.name == name:
            return read(concept.path)
    meant = near(name, folder=folder)
    question = f"; did you mean {meant!r}?" if meant else "."
    raise AsyncdemoError(f"There is no concept {name!r}{question}\n`asyncdemo list` shows all concepts.", USAGE)


def ways(folder: Path = FOLDER) -> tuple[Summary, ...]:
    """The concepts that are ways of doing jobs: what a job does can be chosen."""
    return tuple(each for each in concepts(folder) if find(each.name, folder).works)


def near(name: str, others: Iterable[str] = (), folder: Path = FOLDER) -> str | None:
    """The concept, or the one of `others`, that somebody who typed `name` may have meant, or None."""
    from difflib import get_close_matches

    words = {also: concept.name for concept in concepts(folder) for also in (*concept.also, concept.name)}
    words |= {other: other for other in others}
    typed = name.lower().removeprefix("asyncio.").replace("_", "-")
    matches = get_close_matches(typed, words, n=1)
    return words[matches[0]] if matches else None


def name_of(path: Path) -> str:
    """The concept's name: its file's, but for the trailing underscore that keeps it from hiding a standard module."""
    return path.stem.rstrip("_").replace("_", "-")


def _chapter(folder: Path) -> list[Summary]:
    """The concepts of one chapter, by section and name."""
    found = sorted(_numbered(path) for path in folder.glob("*.py") if path.stem != "__init__")
    return [concept for _, concept in found]


def _numbered(path: Path) -> tuple[list[int], Summary]:
    with path.open(encoding="utf-8") as file:
        head = file.read()
    match = _HEAD.match(head)
    if not match:
        raise AsyncdemoError(
            f'{path}:1: a concept starts with """ and its summary, and a `Guide: 3.2 Heading` line follows'
        )
    also, extra, server = (label.search(head) for label in (_ALSO, _EXTRA, _SERVER))
    words = tuple(also[1].split(", ")) if also else ()
    imported = _IMPORTED.findall(head.split('"""', 2)[-1])
    library = next((each for each in imported if each not in sys.stdlib_module_names), None)
    section = [int(number) for number in match["section"].split(".")]
    return section, Summary(
        name_of(path),
        path.parent.name,
        match["summary"],
        match["guide"],
        words,
        path,
        library,
        extra and extra[1],
        server and server[1],
    )
