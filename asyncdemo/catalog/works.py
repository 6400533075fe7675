"""What the jobs of a way can do: a file of `concepts/ways/works/` each, which is all that it takes to add one.

The file's name is what `--work` calls it. Its function `blocking` does the work on a thread or a process, `awaited` in
a task. Both take the way's delay in seconds; `blocking` calls it `_seconds` where the work has no use for it. A keyword
`url` is the address of the server whose name the work has.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from asyncdemo.catalog import parameters
from asyncdemo.catalog.concept import Option, Work
from asyncdemo.catalog.listing import FOLDER, name_of

WORKS = FOLDER / "ways" / "works"


@cache
def works() -> tuple[Work, ...]:
    """All works, by name; that of sleeping is not among them, for every way has it in its own file."""
    return tuple(sorted(map(_read, WORKS.glob("[!_]*.py")), key=lambda each: each.name))


def _read(path: Path) -> Work:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source, str(path))
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    return Work(
        name=name_of(path),
        summary=(ast.get_docstring(tree) or "").partition("\n")[0],
        source=source,
        module=f"asyncdemo.concepts.ways.works.{path.stem}",
        waits=not functions["blocking"].args.args[0].arg.startswith("_"),
        url=_url(functions["awaited"], source),
    )


def _url(function: ast.FunctionDef | ast.AsyncFunctionDef, source: str) -> Option | None:
    given = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return next(parameters.read(given, source), None)
