"""The rules: a module of `asyncdemo.findings.rules` each, which is all that it takes to add one.

The module's docstring is the explanation. It has `ID`, `NAME`, `SEVERITY`, `CONCEPT` and `find(rule, facts)`, which
gives the rule's findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from importlib import import_module
from pkgutil import iter_modules

from asyncdemo.errors import USAGE, AsyncdemoError
from asyncdemo.findings import rules as package
from asyncdemo.findings.model import Rule


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id, in the order of the ids."""
    found = sorted((_rule(each.name) for each in iter_modules(package.__path__)), key=lambda rule: rule.id)
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


def _rule(name: str) -> Rule:
    module = import_module(f"{package.__name__}.{name}")
    explanation = (module.__doc__ or "").strip()
    described = Rule(module.ID, module.NAME, module.SEVERITY, module.CONCEPT, explanation, lambda _: ())
    return Rule(module.ID, module.NAME, module.SEVERITY, module.CONCEPT, explanation, partial(module.find, described))
