"""The house keeps its order: imports run one way, nothing is circular, public things are documented."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import asyncdemo

PACKAGE = Path(asyncdemo.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# Each part of the house, after the parts that it may import. `asyncdemo` alone stands for the package's own file.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "addresses": set(),
    "cluster": {"errors"},
    "quantities": {"errors"},
    "compiled": set(),
    "turns": {"compiled"},
    "ticker": {"turns"},
    "concepts": set(),
    "files": {"errors"},
    "trace": {"errors"},
    "schema": {"trace"},
    "selection": {"schema", "trace"},
    "journal": set(),
    "recorder": {"compiled", "files", "journal", "schema", "selection", "ticker", "trace", "errors"},
    "tracefile": {"files", "journal", "recorder", "schema", "trace", "errors"},
    "joining": {"schema", "selection", "trace"},
    "timeline": {"selection", "trace", "errors"},
    "events": {"trace", "errors"},
    "follow": {"events", "ticker", "trace", "errors"},
    "catalog": {"quantities", "errors"},
    "subjects": {"addresses", "quantities", "errors"},
    "compare": {"files", "subjects", "timeline", "trace", "quantities", "errors"},
    "whatif": {"timeline", "trace", "quantities", "errors"},
    "findings": {"whatif", "timeline", "trace", "quantities", "errors"},
    "diff": {"timeline", "trace", "errors"},
    "views": {"compare", "diff", "events", "findings", "whatif", "follow", "timeline"}
    | {"trace", "ticker", "turns", "quantities", "errors"},
    "pager": {"events", "timeline", "trace", "views", "quantities", "errors"},
    "exporters": {"events", "timeline", "trace", "views", "errors"},
    "run": {"recorder", "joining", "ticker", "trace", "tracefile", "errors"},
    "servers": {"addresses", "errors"},
    "attach": {"recorder", "exporters", "views", "timeline", "tracefile", "files", "trace", "errors"},
    "asyncdemo": {"attach", "run", "trace", "tracefile", "errors"},
}
MAY_IMPORT["cli"] = set(MAY_IMPORT)
MAY_IMPORT["__main__"] = {"cli", "asyncdemo"}
MAY_IMPORT["pytest_plugin"] = {"attach", "files", "tracefile", "asyncdemo", "errors"}

# Who may import a library that costs start-up time or ties code to a front end.
HOMES = {
    "rich": {"views", "pager", "cli"},
    "textual": {"pager"},
    "typer": {"cli"},
    "click": set(),
    "aiohttp": {"servers", "concepts"},
    "distributed": {"cluster", "concepts"},
}

# What a concept may import in the one function that an option of it calls; without that option it runs by itself.
ON_DEMAND = {"executor": {"distributed"}}


def name_of(path: Path) -> str:
    """The dotted module name of a file of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path, *, nested: bool = True) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a file imports; a name taken from a package counts as its module."""
    tree = tree_of(path)
    for node in ast.walk(tree) if nested else tree.body:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, path)
            for alias in node.names:
                name = f"{base}.{alias.name}"
                yield node.lineno, name if name in MODULES else base


def absolute(node: ast.ImportFrom, path: Path) -> str:
    """The module that a `from` import names, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    package = path.relative_to(PACKAGE.parent).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def part_of(module: str) -> str:
    """The part of the house that a module of the package belongs to."""
    return module.split(".")[1] if "." in module else module


def each_file(*, part: str | None = None) -> list[object]:
    """The package's files as test parameters, named as a reader would."""
    chosen = [path for path in FILES if part in {None, part_of(name_of(path))}]
    return [pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in chosen]


@pytest.mark.parametrize("path", each_file())
def test_imports_run_one_way(path: Path) -> None:
    """A file imports only its own part of the house and the parts below it, at the top or inside a function."""
    own = part_of(name_of(path))
    allowed = MAY_IMPORT.get(own, set()) | {own}
    for line, name in imported(path):
        if name.split(".")[0] == "asyncdemo":
            assert part_of(name) in allowed, f"{path}:{line}: {own} must not import {name}"


@pytest.mark.parametrize("path", each_file())
def test_libraries_stay_at_home(path: Path) -> None:
    """Rich is imported in views, pager and cli alone, Textual in pager, Typer in cli, aiohttp where it is asked."""
    own = part_of(name_of(path))
    for line, name in imported(path):
        homes = HOMES.get(name.split(".")[0])
        assert homes is None or own in homes, f"{path}:{line}: {own} must not import {name}"


@pytest.mark.parametrize("path", each_file(part="concepts"))
def test_concepts_stand_alone(path: Path) -> None:
    """A concept imports the standard library and the one that it is about: it can be copied out and run by itself."""
    at_once, in_all = foreign(path, nested=False), foreign(path)
    assert len(at_once) == (path.parent.name == "libraries" and path.stem != "__init__")
    assert in_all - at_once == ON_DEMAND.get(path.stem, set())
    assert "asyncdemo" not in in_all


def foreign(path: Path, *, nested: bool = True) -> set[str]:
    """The packages outside the standard library that a file imports: at once, or in functions as well."""
    return {name.split(".")[0] for _, name in imported(path, nested=nested)} - sys.stdlib_module_names


def test_nothing_is_circular() -> None:
    """No module imports, while it is being imported itself, one that leads back to it."""
    graph = {
        name: {target for _, target in imported(path, nested=False) if target in MODULES and target != name}
        for name, path in MODULES.items()
    }
    while leaves := [name for name, targets in graph.items() if not targets & graph.keys()]:
        for name in leaves:
            del graph[name]
    assert not graph, f"these import each other, or modules that do: {sorted(graph)}"


def test_the_rules_run_one_way() -> None:
    """No part may import one that stands below it in the rules, so they allow no circle of parts."""
    parts = list(MAY_IMPORT)
    assert all(parts.index(other) < parts.index(part) for part, others in MAY_IMPORT.items() for other in others)


def test_every_part_has_a_place() -> None:
    """The package's top level holds the parts that the import rules name, and nothing else."""
    parts = {part_of(name) for name in MODULES}
    assert parts <= MAY_IMPORT.keys()


def test_every_folder_is_a_package() -> None:
    """A folder with Python files has an `__init__.py`, so that the wheel and the type checker see it."""
    folders = {path.parent for path in FILES}
    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()


def documented(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """The public functions and classes of a file, with the public methods of public classes."""
    for node in tree_of(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and is_own(node):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from methods(node)


def methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The public methods of a class that it defines anew: an override has its base's docstring."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and is_own(each):
            yield each


def is_own(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether something is public and no variant of what has a docstring elsewhere."""
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return not node.name.startswith("_") and not decorators & {"override", "overload", "setter"}


@pytest.mark.parametrize("path", [p for p in each_file() if "concepts" not in p.id])  # type: ignore[attr-defined]
def test_public_things_are_documented(path: Path) -> None:
    """Every public function, class and method has a docstring, and so has every file."""
    assert ast.get_docstring(tree_of(path)), f"{path} has no docstring"
    bare = [f"{path}:{node.lineno} {node.name}" for node in documented(path) if not ast.get_docstring(node)]
    assert not bare


def test_public_names_are_sorted() -> None:
    """`asyncdemo.__all__` is sorted, has no name twice, and every name in it can be had."""
    names = list(asyncdemo.__all__)
    assert names == sorted(set(names))
    assert all(hasattr(asyncdemo, name) for name in names)
