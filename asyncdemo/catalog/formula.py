"""Formulas for ideal times over a concept's parameters, such as `ceil(tasks / limit) * hold`."""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Mapping
from typing import Any

FUNCTIONS = {"ceil": math.ceil, "max": max, "min": min}
_ARITHMETIC = (ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.IfExp)
_CONDITIONS = (ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Compare)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_ALLOWED = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Call),
    *(*_ARITHMETIC, *_CONDITIONS, *_COMPARISONS),
)


def check(formula: str, names: Collection[str]) -> None:
    """Does nothing when `formula` is one over `names`.

    Raises:
        ValueError: it is none, or it uses another name; the message says what.
    """
    tree = parsed(formula)
    strange = {type(node).__name__ for node in ast.walk(tree) if not isinstance(node, _ALLOWED)}
    if strange:
        raise ValueError(
            f"a formula has + - * / //, `a if b else c`, comparisons and `and`, `or`, `not`, but no {min(strange)}"
        )
    unknown = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {*names, *FUNCTIONS}
    if unknown:
        raise ValueError(f"{min(unknown)!r} is neither a parameter nor one of {', '.join(FUNCTIONS)}")
    compared = [side for node in ast.walk(tree) if isinstance(node, ast.Compare) for side in _sides(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in compared:
            raise ValueError(f"a formula compares words, and does nothing else with {node.value!r}")


def value(formula: str, values: Mapping[str, Any]) -> float | None:
    """What `formula` comes to with `values`; None where it says so: there is no ideal time then.

    Raises:
        ValueError: it is no formula over the names of `values`.
    """
    check(formula, values)
    # The check has left arithmetic over these names, so this cannot reach anything else.
    result = eval(formula, {"__builtins__": {}}, {**FUNCTIONS, **values})  # noqa: S307
    return None if result is None else float(result)


def parsed(formula: str) -> ast.Expression:
    """The syntax tree of `formula`.

    Raises:
        ValueError: it is no formula.
    """
    try:
        return ast.parse(formula, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"{formula!r} is no formula: {error.msg}") from None


def _sides(comparison: ast.Compare) -> list[ast.expr]:
    return [comparison.left, *comparison.comparators]
