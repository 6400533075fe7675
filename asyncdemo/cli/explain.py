"""`asyncdemo explain [RULE]`: what a rule of `check` finds, why it matters and what to do."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from typer.core import TyperArgument, TyperCommand

from asyncdemo.cli import terminal
from asyncdemo.findings import Rule, find, rules


def command(_arguments: Sequence[str]) -> TyperCommand:
    """The `explain` command."""
    rule = TyperArgument(
        param_decls=["rule"], type=str, required=False, metavar="[RULE]", help="its id or name; without it, all of them"
    )
    return TyperCommand("explain", help="Explain what a rule of `check` finds.", callback=_explain, params=[rule])


def _explain(rule: str | None) -> None:
    print("\n".join(_whole(find(rule)) if rule else _listed()))


def _listed() -> list[str]:
    room = max(len(each.name) for each in rules().values())
    return [f"{each.id}  {each.name:<{room}}  {each.severity.word}" for each in rules().values()]


def _whole(rule: Rule) -> list[str]:
    from asyncdemo.views.canvas import folded

    width = max(20, (terminal.columns(sys.stdout) or 80) - 1)
    lines = [f"{rule.id} {rule.name} ({rule.severity.word})"]
    for paragraph in rule.explanation.split("\n\n"):
        lines += ["", *folded(" ".join(paragraph.split()), width)]
    return [*lines, "", f"Learn: asyncdemo {rule.concept}"]
