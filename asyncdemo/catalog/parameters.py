"""A concept's options: the keyword parameters of its `main` and the comment behind each.

The comment is the help. "at least 1" and "at most 10k" in it are the bounds of a number; a `float` whose help begins
with "seconds" is a duration. A `str` called `url` is the address of the concept's
server. A `Work` called `work`, by default a sleep, is what each job does. "needs real threads" says that this option
alone uses what does not obey a virtual clock: the concept then runs in virtual time and refuses the option there. "WORD
needs asyncdemo[EXTRA]" says that this choice uses a library which that extra brings.
"""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from asyncdemo.catalog.concept import Kind, Option, RealOnly, Value
from asyncdemo.catalog.rules import RuleError
from asyncdemo.quantities import count

LONGEST_S = 86_400.0
"""The limit of every duration that states no other: a day."""

_DEFAULTS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "False: a flag is off until it is given",
    "url": "the usual local address, such as redis://127.0.0.1:6379",
    "work": "asyncio.sleep, or time.sleep where it is done on threads or processes",
}
_SLEEPS = {"asyncio.sleep", "time.sleep"}
_LITERAL = re.compile(r"Literal\[('[^']+'(?:, '[^']+')*)\]")
_AT_LEAST = re.compile(r"at least (\d+(?:\.\d+)?[kM]?)")
_AT_MOST = re.compile(r"at most (\d+(?:\.\d+)?[kM]?)")
_NEEDS = re.compile(rf"needs real ({'|'.join(get_args(RealOnly))})\b")
_NEEDS_EXTRA = re.compile(r"(\w+) needs asyncdemo\[(\w+)\]")


def options(tree: ast.Module, source: str) -> Iterator[Option]:
    """The options that `source`, whose syntax tree is `tree`, states; in order.

    Raises:
        RuleError: there is no `async def main`, or a parameter of it says too little about itself.
    """
    main = next((n for n in tree.body if isinstance(n, ast.AsyncFunctionDef) and n.name == "main"), None)
    if main is None:
        raise RuleError(1, "a concept has an `async def main`")
    if main.args.vararg or main.args.kwarg or main.args.posonlyargs:
        raise RuleError(main.lineno, "main takes its parameters by keyword")
    yield from read(_parameters(main.args), source)


def read(parameters: Iterable[tuple[ast.arg, ast.expr | None]], source: str) -> Iterator[Option]:
    """The options that `parameters` of `source` state, each with its default; in order.

    Raises:
        RuleError: one says too little about itself.
    """
    comments = _comments(source)
    for parameter, default in parameters:
        yield _option(parameter, default, comments.get(parameter.lineno, ""))


def _parameters(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    required: list[ast.expr | None] = [None] * (len(arguments.args) - len(arguments.defaults))
    yield from zip(arguments.args, [*required, *arguments.defaults], strict=True)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)


def _comments(source: str) -> dict[int, str]:
    """The comment of each line that has one."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {each.start[0]: each.string.lstrip("# ") for each in tokens if each.type == tokenize.COMMENT}


def _option(parameter: ast.arg, expression: ast.expr | None, help_: str) -> Option:
    name, line = parameter.arg, parameter.lineno
    if not help_:
        raise RuleError(line, f"the option {name!r} has no help: write a comment behind it")
    kind, choices, optional = _type(parameter)
    default = _default(parameter, expression, kind, choices, optional=optional)
    needs = _needs(help_)
    if kind in {"bool", "choice", "url", "work"}:
        return Option(name, kind, default, help_, choices=choices, needs=needs, extra=_extra(line, help_, choices))
    minimum, maximum = _bound(_AT_LEAST, help_), _bound(_AT_MOST, help_)
    unit: Literal["seconds"] | None = "seconds" if kind == "float" and help_.startswith("seconds") else None
    if unit and maximum is None:
        maximum = LONGEST_S
    if minimum is None:
        raise RuleError(line, f"the help of the option {name!r} has to say 'at least ...'")
    if kind == "float" and maximum is None:
        raise RuleError(line, f"the help of the option {name!r} has to start with 'seconds', or say 'at most ...'")
    if isinstance(default, int | float) and not minimum <= default <= (math.inf if maximum is None else maximum):
        raise RuleError(line, f"the default of the option {name!r} is out of its bounds")
    return Option(name, kind, default, help_, minimum, maximum, unit, needs=needs)


def _type(parameter: ast.arg) -> tuple[Kind, tuple[str, ...], bool]:
    """The parameter's type, the words that it accepts if it is a choice, and whether it may be None."""
    text = ast.unparse(parameter.annotation) if parameter.annotation else ""
    plain = text.removesuffix(" | None")
    if (plain, parameter.arg) == ("str", "url"):
        return "url", (), False
    if (plain, parameter.arg) == ("Work", "work"):
        return "work", (), False
    for kind in ("int", "float", "bool"):
        if plain == kind:
            return kind, (), text != plain
    if match := _LITERAL.fullmatch(plain):
        return "choice", tuple(ast.literal_eval(f"({match[1]},)")), text != plain
    raise RuleError(
        parameter.lineno,
        f"the option {parameter.arg!r} has to be int, float, bool or a Literal of words, or one of them | None;"
        " the address of a server is a str called url",
    )


def _needs(help_: str) -> RealOnly | None:
    match = _NEEDS.search(help_)
    return next((kind for kind in get_args(RealOnly) if match and kind == match[1]), None)


def _extra(line: int, help_: str, choices: tuple[str, ...]) -> tuple[str, str] | None:
    match = _NEEDS_EXTRA.search(help_)
    if match and match[1] not in choices:
        raise RuleError(line, f"{match[1]!r}, which needs an extra, is none of the option's words")
    return (match[1], match[2]) if match else None


def _default(
    parameter: ast.arg, expression: ast.expr | None, kind: Kind, choices: tuple[str, ...], *, optional: bool
) -> Value:
    try:
        value: Value = _work(expression) if kind == "work" else ast.literal_eval(expression or "")
    except (ValueError, SyntaxError):
        raise RuleError(
            parameter.lineno, f"the option {parameter.arg!r} has no default that is a plain value"
        ) from None
    if value is None and optional:
        return None
    if kind == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if (kind == "int" and type(value) is int) or (kind == "bool" and value is False) or value in choices:
        return value
    if (kind == "url" and isinstance(value, str) and "://" in value) or (kind == "work" and value):
        return value
    wanted = _DEFAULTS.get(kind) or f"one of {', '.join(choices)}"
    raise RuleError(parameter.lineno, f"the default of the option {parameter.arg!r} has to be {wanted}")


def _work(expression: ast.expr | None) -> Value:
    """The word for the function that does the work, or None when it is not one that sleeps."""
    return "sleep" if expression and ast.unparse(expression) in _SLEEPS else None


def _bound(pattern: re.Pattern[str], help_: str) -> float | None:
    match = pattern.search(help_)
    if not match:
        return None
    return float(match[1]) if "." in match[1] else count(match[1])
