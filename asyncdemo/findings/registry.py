"""The rules: a module of `asyncdemo.findings.rules` each, which is all that it takes to add one.

The module's docstring is the explanation. It has `ID`, `NAME`, `SEVERITY`, `CONCEPT` and `find(rule, facts)`, which
gives the rule's findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from operator import attrgetter
from types import ModuleType

from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.findings.model import Rule
from asyncdemo.findings.rules import modules


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id, in the order of the ids."""
    found = sorted(map(_rule, modules()), key=attrgetter("id"))
    return {rule.id: rule for rule in found}


def find(word: str) -> Rule:
    """The rule with this id, in capitals or not, or with this name, with hyphens or blanks.

    Raises:
        AsyncdemoError: there is none (exit code 2).
    """
    asked = word.casefold().replace("-", " ").strip()
    for rule in rules().values():
        if asked in {rule.id.casefold(), rule.name.casefold()}:
            return rule
    raise AsyncdemoError(
        f"There is no rule {word!r}.\nRules are {', '.join(rules())}.\n`asyncdemo explain` lists them.", USAGE
    )


def _rule(module: ModuleType) -> Rule:
    explanation = (module.__doc__ or "").strip()
    told = (module.ID, module.NAME, module.SEVERITY, module.CONCEPT, explanation)
    return Rule(*told, partial(module.find, Rule(*told, lambda _: ())))
