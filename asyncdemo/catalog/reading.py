"""Reads a concept's file whole: its docstring, the options of its `main`, and what it calls."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from asyncdemo.catalog import docstring, formula, parameters
from asyncdemo.catalog.concept import Concept, Option, RealOnly, Work
from asyncdemo.catalog.listing import name_of
from asyncdemo.catalog.rules import RuleError
from asyncdemo.catalog.works import works
from asyncdemo.errors import AsyncdemoError

REAL_ONLY: tuple[tuple[RealOnly, frozenset[str]], ...] = (
    ("threads", frozenset({"Thread", "ThreadPoolExecutor", "to_thread"})),
    ("processes", frozenset({"ProcessPoolExecutor", "create_subprocess_exec", "create_subprocess_shell"})),
    ("threads", frozenset({"run_in_executor"})),
    ("signals", frozenset({"add_signal_handler", "raise_signal", "signal"})),
    ("sockets", frozenset({"create_connection", "create_server", "open_connection", "start_server"})),
)
"""What does not obey a virtual clock, and the functions whose call shows it; the first that applies is named.

A kind that an option says it needs is used with that option alone: see `parameters`.
"""
ON_THREADS = frozenset({"aiofiles"})
"""Libraries that work on threads; the others have sockets."""
UNIX_ONLY = frozenset({"add_signal_handler", "fork", "create_unix_server", "open_unix_connection"})
"""Functions that only Unix has."""
_ON_TOP = ", and "
"""Stands between the formula of an ideal time and words for what comes on top."""


def read(path: Path) -> Concept:
    """The concept in the file at `path`, which is `concepts/CHAPTER/NAME.py`.

    Raises:
        AsyncdemoError: the file breaks the rules for concept files (exit code 1); the message names file and line.
    """
    source = path.read_text(encoding="utf-8")
    try:
        return _concept(path, source)
    except SyntaxError as error:
        raise AsyncdemoError(f"{path}:{error.lineno}: {error.msg}") from None
    except RuleError as fault:
        raise AsyncdemoError(f"{path}:{fault.line}: {fault.message}.") from None


def _concept(path: Path, source: str) -> Concept:
    tree = ast.parse(source, str(path))
    called = {_name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    text = docstring.parse(ast.get_docstring(tree, clean=False) or "")
    options = tuple(parameters.options(tree, source))
    chapter, name = path.parent.name, name_of(path)
    ideal, _, more = (text.get("Ideal") or "").partition(_ON_TOP)
    _check_ideal(ideal, text, options)
    _check_examples(name, text)
    library, optional = _foreign(tree.body), _foreign(ast.walk(tree))
    _check_optional(optional, library, options)
    server = text.get("Server")
    if (server is not None) != any(each.type == "url" for each in options):
        raise RuleError(text.lines.get("Server", 1), "`Server:` and a parameter `url` of main go together")
    jobs = works() if any(each.type == "work" for each in options) else ()
    return Concept(
        name=name,
        chapter=chapter,
        summary=text.summary,
        prose=text.prose,
        watch=text.require("Watch"),
        guide=text.require("Guide"),
        corrections=tuple(text.labels.get("Correction", ())),
        also=tuple((text.get("Also") or "").split(", ")) if text.get("Also") else (),
        examples=tuple(text.labels.get("Example", ())),
        ideal=ideal or None,
        ideal_more=more,
        options=tuple(_with_works(options, jobs)),
        source=source,
        path=path,
        module=f"asyncdemo.concepts.{chapter}.{path.stem}",
        real_only=_real_only(called, options) or _of_library(library),
        library=library,
        extra=text.get("Extra"),
        server=server,
        platform="Unix" if called & UNIX_ONLY else None,
        works=jobs,
        optional=optional if optional != library else None,
    )


def _with_works(options: tuple[Option, ...], jobs: tuple[Work, ...]) -> Iterator[Option]:
    """The options of a way: its jobs sleep, or do one of `jobs`, the server of which may be told."""
    for each in options:
        yield replace(each, choices=("sleep", *(job.name for job in jobs))) if each.type == "work" else each
    yield from (job.url for job in jobs if job.url)


def _check_ideal(ideal: str, text: docstring.Docstring, options: tuple[Option, ...]) -> None:
    """Tries the formula, if there is one, with the defaults."""
    try:
        if ideal:
            formula.value(ideal, {each.name: each.default for each in options})
    except (ValueError, TypeError, ArithmeticError) as error:
        raise RuleError(text.lines["Ideal"], f"Ideal: {error}") from None


def _check_examples(name: str, text: docstring.Docstring) -> None:
    for example in text.labels.get("Example", ()):
        if example.split()[:2] != ["asyncdemo", name]:
            raise RuleError(text.lines["Example"], f"the example {example!r} does not begin with `asyncdemo {name}`")


def _real_only(called: set[str], options: tuple[Option, ...]) -> RealOnly | None:
    optional = {each.needs for each in options}
    return next((kind for kind, names in REAL_ONLY if called & names and kind not in optional), None)


def _of_library(library: str | None) -> RealOnly | None:
    """What a library always uses that does not obey a virtual clock."""
    if library is None:
        return None
    return "threads" if library in ON_THREADS else "sockets"


def _foreign(nodes: Iterable[ast.AST]) -> str | None:
    """The first package among those that `nodes` import that does not come with Python."""
    names: list[str] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            names += (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.append((node.module or "").partition(".")[0])
    return next((each for each in names if each not in sys.stdlib_module_names), None)


def _check_optional(optional: str | None, library: str | None, options: tuple[Option, ...]) -> None:
    if (optional != library) != any(each.extra for each in options):
        raise RuleError(
            1,
            f"when a function imports {optional or 'a library'}, and only then, the help of an option says"
            " 'WORD needs asyncdemo[EXTRA]'",
        )


def _name(function: ast.expr) -> str:
    """The last part of a called name: `run_in_executor` of `loop.run_in_executor`."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
