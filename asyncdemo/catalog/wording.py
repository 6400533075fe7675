"""Formulas read out: `ceil(tasks / limit) * hold` as "(tasks divided by limit, rounded up) times hold"."""

from __future__ import annotations

import ast

from asyncdemo.catalog.formula import parsed

_WORDS: dict[type[ast.AST], str] = {
    ast.Add: "plus",
    ast.Sub: "minus",
    ast.Mult: "times",
    ast.Div: "divided by",
    ast.FloorDiv: "divided without remainder by",
    ast.And: "and",
    ast.Or: "or",
    ast.Eq: "is",
    ast.NotEq: "is not",
    ast.Lt: "is less than",
    ast.LtE: "is at most",
    ast.Gt: "is more than",
    ast.GtE: "is at least",
}
_SUMS = (ast.Add, ast.Sub)
_PAIR = 2


def words(formula: str) -> str:
    """What `formula`, which `formula.check` lets pass, says in words; options are named as one types them."""
    return _said(parsed(formula).body)


def _said(node: ast.expr) -> str:
    match node:
        case ast.BinOp(left, operator, right):
            said = f"{_side(left, operator)} {_WORDS[type(operator)]} {_side(right, operator, right=True)}"
        case ast.Call(ast.Name(function), arguments):
            said = _call(function, arguments)
        case ast.IfExp(test, body, orelse):
            said = f"{_said(body)} if {_said(test)}, otherwise {_said(orelse)}"
        case ast.BoolOp(operator, values):
            said = f" {_WORDS[type(operator)]} ".join(_part(each) for each in values)
        case ast.UnaryOp(_, operand):
            said = f"not {_part(operand)}"
        case ast.Compare(left, operators, comparators):
            pairs = zip(operators, comparators, strict=True)
            said = " ".join([_part(left), *(f"{_WORDS[type(how)]} {_part(other)}" for how, other in pairs)])
        case ast.Name(name):
            said = name.replace("_", "-")
        case _:
            constant = ast.literal_eval(node)
            said = "not known" if constant is None else str(constant)
    return said


def _call(function: str, arguments: list[ast.expr]) -> str:
    if function == "ceil":
        return f"{_said(arguments[0])}, rounded up"
    *others, last = map(_part, arguments)
    one_of_two, one_of_more = ("larger", "largest") if function == "max" else ("smaller", "smallest")
    return f"the {one_of_two if len(arguments) == _PAIR else one_of_more} of {', '.join(others)} and {last}"


def _part(node: ast.expr) -> str:
    """A part of something larger: in parentheses when it is neither a name, nor a number, nor a comparison."""
    plain = isinstance(node, ast.Name | ast.Constant | ast.Compare)
    return _said(node) if plain else f"({_said(node)})"


def _side(node: ast.expr, operator: ast.operator, *, right: bool = False) -> str:
    """One side of `operator`, in parentheses unless it can be read on from left to right without them."""
    if isinstance(node, ast.BinOp):
        follows = not right and isinstance(node.op, _SUMS) == isinstance(operator, _SUMS)
        if follows or (isinstance(node.op, ast.Mult) and isinstance(operator, _SUMS)):
            return _said(node)
    return _part(node)
