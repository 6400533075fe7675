"""The program's source, as far as it is where the trace says: what an inference needs beside the times."""

from __future__ import annotations

import ast
import sys
import tokenize
from collections.abc import Iterator
from functools import cache

FUNCTIONS = (ast.AsyncFunctionDef, ast.FunctionDef)


class Sources:
    """Reads source files, each at most once. What cannot be read or parsed is None: nothing is inferred from it."""

    @staticmethod
    @cache
    def tree(file: str) -> ast.Module | None:
        """The syntax tree of a file."""
        try:
            with tokenize.open(file) as source:
                return ast.parse(source.read())
        except (OSError, SyntaxError, ValueError, RecursionError):
            return None

    def path(self, file: str, line: int) -> list[ast.AST]:
        """The nodes that lead from a file to the innermost statement at `line`, outermost first; empty when unknown."""
        tree = self.tree(file)
        return [] if tree is None else list(_down(tree, line))


def _down(node: ast.AST, line: int) -> Iterator[ast.AST]:
    yield node
    for child in _statements(node):
        if first_line(child) <= line <= (getattr(child, "end_lineno", None) or 0):
            yield from _down(child, line)
            return


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements, handlers and cases directly within one."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child


def first_line(node: ast.AST) -> int:
    """The first line of a statement, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    own: int = getattr(node, "lineno", sys.maxsize)
    return min([each.lineno for each in decorators] + [own])


def names_read(node: ast.AST) -> set[str]:
    """The names that an expression or statement reads."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def names_bound(node: ast.AST) -> set[str]:
    """The names that a statement binds."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def awaited_call(statement: ast.AST) -> ast.Call | None:
    """The call that a statement awaits and little else: `await f()`, `x = await f()`, `xs.append(await f())`."""
    value = getattr(statement, "value", None) if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Call) and len(value.args) == 1 and getattr(value.func, "attr", "") in {"append", "add"}:
        value = value.args[0]
    call = value.value if isinstance(value, ast.Await) else None
    return call if isinstance(call, ast.Call) else None


def comprehended(statement: ast.AST) -> tuple[ast.Call, set[str]] | None:
    """The call that a statement awaits for each item, `xs = [await f(x) for x in items]`, and the names of an item."""
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.ListComp) or not isinstance(value.elt, ast.Await) or len(value.generators) > 1:
        return None
    call, items = value.elt.value, value.generators[0]
    return (call, names_bound(items.target)) if isinstance(call, ast.Call) and not items.is_async else None


def called(call: ast.Call) -> str:
    """What a call calls, as the source has it."""
    return ast.unparse(call.func)
